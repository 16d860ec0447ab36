/** Signing in with a passkey: the browser shows which ones it has for this name, and the device's own lock stands for both factors. */
import { Banner } from '@cloudflare/kumo/components/banner';
import { Button } from '@cloudflare/kumo/components/button';
import { FingerprintIcon } from '@phosphor-icons/react';
import { useMutation } from '@tanstack/react-query';
import type { PasskeySignInBody } from '../../../../client/index.ts';
import { isRefusal, purser, tellError } from '../../shell/api.ts';

/** Browsers keep passkeys for names, so under a number there are none; and older browsers do not have what is needed. */
const CAN_BE =
  !/^[\d.]+$|^\[/.test(location.hostname) && 'parseRequestOptionsFromJSON' in (window.PublicKeyCredential ?? {});

export function PasskeyButton({ enter }: { enter: () => void }) {
  const signingIn = useMutation({
    mutationFn: async () => purser.call('POST /auth/sign-in/passkey', { body: { response: await chosenPasskey() } }),
    onSuccess: enter,
  });
  if (!CAN_BE) return null;
  return (
    <div className="mt-4 flex flex-col gap-2 border-t border-kumo-hairline pt-4">
      <div role="alert" className="empty:hidden">
        {signingIn.error && <Banner variant="error" description={told(signingIn.error)} />}
      </div>
      <Button
        className="w-full justify-center"
        icon={FingerprintIcon}
        loading={signingIn.isPending}
        onClick={() => signingIn.mutate()}
      >
        Sign in with a passkey
      </Button>
    </div>
  );
}

/** Has the browser answer the server's challenge with a passkey that the person chooses. Throws where they choose none. */
async function chosenPasskey(): Promise<PasskeySignInBody['response']> {
  const options = await purser.call('POST /auth/sign-in/passkey/options');
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  );
  const used = await navigator.credentials.get({ publicKey });
  if (!(used instanceof PublicKeyCredential)) throw new DOMException('none was used', 'NotAllowedError');
  return used.toJSON() as object as PasskeySignInBody['response'];
}

function told(error: unknown): string {
  if (error instanceof DOMException) return 'No passkey was used. Try again, or sign in with your password.';
  if (isRefusal(error, 401)) return 'Purser does not know this passkey. Sign in with your password.';
  return tellError(error);
}
