/** A service account of Google's as its key file has it, with a key made for the test; and what it has signed. */
export interface TestAccount {
  json: string;
  /** The claims of an assertion whose signature is the account's; throws otherwise. */
  verified(assertion: string): Promise<Record<string, unknown>>;
}

const ALGORITHM = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

export async function makeServiceAccount(tokenUri: string): Promise<TestAccount> {
  const generated = await crypto.subtle.generateKey(
    { ...ALGORITHM, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  );
  const { privateKey, publicKey } = generated as CryptoKeyPair;
  const der = (await crypto.subtle.exportKey('pkcs8', privateKey)) as ArrayBuffer;
  const lines = btoa(String.fromCharCode(...new Uint8Array(der))).match(/.{1,64}/g) ?? [];
  const json = JSON.stringify({
    type: 'service_account',
    project_id: 'a-project',
    private_key_id: 'key-1',
    private_key: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`,
    client_email: 'purser@a-project.iam.gserviceaccount.com',
    token_uri: tokenUri,
  });
  return {
    json,
    async verified(assertion) {
      const [header = '', claims = '', signature = ''] = assertion.split('.');
      const signed = new TextEncoder().encode(`${header}.${claims}`);
      if (!(await crypto.subtle.verify(ALGORITHM, publicKey, bytesOf(signature), signed)))
        throw new Error('not its signature');
      return { ...jsonOf(header), ...jsonOf(claims) };
    },
  };
}

function bytesOf(base64Url: string): Uint8Array<ArrayBuffer> {
  const base64 = base64Url.replaceAll('-', '+').replaceAll('_', '/');
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function jsonOf(base64Url: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(bytesOf(base64Url)));
}
