/** Adding a provider key: what its provider needs beside the key, and of a provider of one's own, its models and prices. */
import { Textarea } from '@cloudflare/kumo/components/input';
import { useState } from 'react';
import type { ProviderKeyBody } from '../../../../client/index.ts';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SelectField, SubmitButton, TextField, type Typed, useFieldError, useSubmit } from '../../parts/form.tsx';
import { forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';

type Provider = ProviderKeyBody['provider'];

interface Asked {
  label: string;
  baseUrl: 'optional' | 'required' | 'none';
  settings?: Record<string, string>;
  keyLabel?: string;
}

const PROVIDERS: Record<Provider, Asked> = {
  openai: { label: 'OpenAI', baseUrl: 'optional' },
  anthropic: { label: 'Anthropic', baseUrl: 'optional' },
  google: { label: 'Google', baseUrl: 'optional' },
  mistral: { label: 'Mistral', baseUrl: 'optional' },
  cerebras: { label: 'Cerebras', baseUrl: 'optional' },
  groq: { label: 'Groq', baseUrl: 'optional' },
  openrouter: { label: 'OpenRouter', baseUrl: 'optional' },
  azure: { label: 'Azure', baseUrl: 'required', settings: { apiVersion: 'API version' } },
  vertex: {
    label: 'Vertex AI',
    baseUrl: 'none',
    settings: { project: 'Project', region: 'Region' },
    keyLabel: 'Service account, as JSON',
  },
  bedrock: {
    label: 'Bedrock',
    baseUrl: 'none',
    settings: { accessKeyId: 'Access key id', region: 'Region' },
    keyLabel: 'Secret access key',
  },
  custom: { label: 'One of your own, that speaks OpenAI’s protocol', baseUrl: 'required' },
};

const OPTIONS = Object.entries(PROVIDERS).map(([value, { label }]) => ({ value, label }));

export function ProviderKeyDialog({ close }: { close: () => void }) {
  const { organizationId: orgId } = useHere();
  const [provider, setProvider] = useState<Provider>('openai');
  const { baseUrl, settings = {}, keyLabel = 'Key' } = PROVIDERS[provider];
  const submit = useSubmit(
    (typed) => purser.call('POST /orgs/{orgId}/provider-keys', { path: { orgId }, body: bodyOf(provider, typed) }),
    {
      done: async ({ name, pending }) => {
        toast.done(`${name} is added.${pending > 0 ? ` It reaches ${pending} more members within minutes.` : ''}`);
        close();
        await forget('GET /orgs/{orgId}/provider-keys');
      },
    },
  );
  return (
    <Modal title="Add provider key" description="The key is sealed, and never shown again." close={close}>
      <Form submit={submit}>
        <SelectField
          name="provider"
          label="Provider"
          options={OPTIONS}
          value={provider}
          onChange={(value) => setProvider(value as Provider)}
        />
        <TextField name="name" label="Name" placeholder="What you call it" autoComplete="off" required />
        {provider === 'custom' && (
          <TextField
            name="slug"
            label="Slug"
            placeholder="acme"
            autoComplete="off"
            description="Its models are asked for as slug/name."
          />
        )}
        <SecretField key={keyLabel} label={keyLabel} isLong={provider === 'vertex'} />
        {baseUrl !== 'none' && (
          <TextField
            name="baseUrl"
            label="Base URL"
            placeholder={baseUrl === 'optional' ? 'The provider’s own' : 'https://'}
            autoComplete="off"
          />
        )}
        {Object.entries(settings).map(([name, label]) => (
          <TextField key={name} name={`settings.${name}`} label={label} autoComplete="off" />
        ))}
        {provider === 'custom' && <ModelsField />}
        <DialogEnd close={close}>
          <SubmitButton>Add provider key</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}

function bodyOf(provider: Provider, typed: Typed): ProviderKeyBody {
  const { baseUrl, settings = {} } = PROVIDERS[provider];
  const given = Object.keys(settings).flatMap((name) => {
    const value = typed.optional(`settings.${name}`);
    return value === null ? [] : [[name, value] as const];
  });
  return {
    provider,
    name: typed.text('name'),
    key: typed.text('key'),
    ...(baseUrl !== 'none' && { baseUrl: typed.optional('baseUrl') }),
    ...(given.length > 0 && { settings: Object.fromEntries(given) }),
    ...(provider === 'custom' && { slug: typed.optional('slug'), models: modelsIn(typed.text('models')) }),
  };
}

/** A model a line: its name, and per million tokens what comes in and goes out. */
function modelsIn(text: string) {
  return text
    .split('\n')
    .map((line) => line.split(/[\s,]+/).filter(Boolean))
    .filter(([name]) => name !== undefined)
    .map(([name = '', inputPrice = null, outputPrice = null]) => ({ name, inputPrice, outputPrice }));
}

function SecretField({ label, isLong }: { label: string; isLong: boolean }) {
  const error = useFieldError('key');
  if (!isLong) return <TextField name="key" label={label} type="password" autoComplete="off" required />;
  return <Textarea name="key" label={label} rows={4} className="w-full" autoComplete="off" {...(error && { error })} />;
}

function ModelsField() {
  const error = useFieldError('models');
  return (
    <Textarea
      name="models"
      label="Models"
      rows={3}
      className="w-full font-mono"
      placeholder="llama-4-70b, 0.40, 1.20"
      description="One a line: its name, and USD per million tokens in and out. Without prices it is refused to whoever has a limit."
      {...(error && { error })}
    />
  );
}
