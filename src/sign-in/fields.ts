/** The fields of sign-in's bodies. What is wrong with a password is said without repeating it. */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../limits.ts';
import { isTimeZone } from '../usage/time-zones.ts';

const { emailLengthMax, nameLengthMax, passwordLengthMin, passwordLengthMax } = LIMITS;

const text = (field: string) => z.string({ error: `${field} is required.` });

/** In lower case: nobody has two addresses that differ in case only. */
export const EMAIL = text('email')
  .max(emailLengthMax, { error: `email must have at most ${emailLengthMax} characters.` })
  .trim()
  .toLowerCase()
  .pipe(z.email({ error: 'email must be an e-mail address.' }));

/** A name that people give themselves, or things. No control characters, nor half of a surrogate pair: D1 keeps neither as it is. */
export const name = (field: string) =>
  text(field)
    .trim()
    .min(1, { error: `${field} must not be empty.` })
    .max(nameLengthMax, { error: `${field} must have at most ${nameLengthMax} characters.` })
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, { error: `${field} must be one line of text.` });

const password = (field: string) =>
  text(field)
    .min(1, { error: `${field} must not be empty.` })
    .max(passwordLengthMax, { error: `${field} must have at most ${passwordLengthMax} characters.` });

export const TIME_ZONE = z
  .string({ error: 'timeZone must be an IANA zone.' })
  .max(LIMITS.timeZoneLengthMax, { error: 'timeZone must be an IANA zone.' })
  .refine(isTimeZone, { error: 'timeZone must be an IANA zone.' })
  .openapi({ example: 'Europe/London' });

/** A password that is there already. */
export const PASSWORD = password('password');

export const newPassword = (field: string) =>
  password(field).min(passwordLengthMin, { error: `${field} must have at least ${passwordLengthMin} characters.` });

/** Out of a mailed link. */
export const TOKEN = text('token').min(1, { error: 'token must not be empty.' }).max(LIMITS.linkTokenLengthMax);

/** Of an authenticator app (six digits) or a backup code. */
export const CODE = text('code').trim().min(6, { error: 'code is too short.' }).max(20, { error: 'code is too long.' });

const base64url = z
  .string()
  .regex(/^[\w-]+$/)
  .max(20_000)
  .openapi({ example: 'AQIDBA' });

const credential = <T extends z.ZodRawShape>(response: T) =>
  z.looseObject(
    {
      id: base64url,
      rawId: base64url,
      type: z.literal('public-key'),
      clientExtensionResults: z.looseObject({}).default({}),
      response: z.looseObject({ clientDataJSON: base64url, ...response }),
    },
    { error: 'response must be what the browser gave for the passkey.' },
  );

/** What a browser's `PublicKeyCredential.toJSON()` gives for a new passkey; the library checks what is in it. */
export const ATTESTATION = credential({ attestationObject: base64url }).openapi('NewPasskeyCredential');

/** The same of a passkey that signs in. */
export const ASSERTION = credential({ authenticatorData: base64url, signature: base64url }).openapi(
  'PasskeyCredential',
);

/** What the browser is to be asked with: as the Web Authentication API takes it. */
export const PASSKEY_OPTIONS = z
  .looseObject({})
  .openapi('PasskeyOptions', { example: { challenge: 'AQIDBA', rpId: 'purser.example.com' } as never });
