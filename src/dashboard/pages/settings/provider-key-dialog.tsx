/** Adding or changing a provider key: what its provider needs beside the key, and of a provider of one's own, its models and prices. */
import { Textarea } from '@cloudflare/kumo/components/input';
import { useState } from 'react';
import type { ProviderKey, ProviderKeyBody, ProviderKeyPatch } from '../../../../client/index.ts';
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

/** `changing` is the one that is changed; what it is the key of stays. */
export function ProviderKeyDialog({ changing, close }: { changing?: ProviderKey; close: () => void }) {
  const { organizationId: orgId } = useHere();
  const [provider, setProvider] = useState<Provider>(changing?.provider ?? 'openai');
  const { baseUrl, settings = {}, keyLabel = 'Key' } = PROVIDERS[provider];
  const submit = useSubmit(
    (typed) =>
      changing
        ? purser.call('PATCH /orgs/{orgId}/provider-keys/{providerKeyId}', {
            path: { orgId, providerKeyId: changing.id },
            body: patchOf(changing, typed),
          })
        : purser.call('POST /orgs/{orgId}/provider-keys', { path: { orgId }, body: bodyOf(provider, typed) }),
    {
      done: async ({ name, pending }) => {
        const done = changing ? 'changed' : 'added';
        toast.done(`${name} is ${done}.${pending > 0 ? ` It reaches ${pending} more members within minutes.` : ''}`);
        close();
        await forget('GET /orgs/{orgId}/provider-keys');
      },
    },
  );
  return (
    <Modal
      title={changing ? `Change ${changing.name}` : 'Add provider key'}
      description={
        changing
          ? 'The next requests go by what is saved here; those that are answered already go on.'
          : 'The key is sealed, and never shown again.'
      }
      close={close}
    >
      <Form submit={submit}>
        {!changing && (
          <SelectField
            name="provider"
            label="Provider"
            options={OPTIONS}
            value={provider}
            onChange={(value) => setProvider(value as Provider)}
          />
        )}
        <TextField
          name="name"
          label="Name"
          placeholder="What you call it"
          autoComplete="off"
          defaultValue={changing?.name}
          required
        />
        {provider === 'custom' && !changing && (
          <TextField
            name="slug"
            label="Slug"
            placeholder="acme"
            autoComplete="off"
            description="Its models are asked for as slug/name."
          />
        )}
        <SecretField key={keyLabel} label={keyLabel} isLong={provider === 'vertex'} changing={changing} />
        {baseUrl !== 'none' && (
          <TextField
            name="baseUrl"
            label="Base URL"
            placeholder={baseUrl === 'optional' ? 'The provider’s own' : 'https://'}
            autoComplete="off"
            defaultValue={changing?.baseUrl ?? ''}
            description={changing && 'Another one needs the key again.'}
          />
        )}
        {Object.entries(settings).map(([name, label]) => (
          <TextField
            key={name}
            name={`settings.${name}`}
            label={label}
            autoComplete="off"
            defaultValue={changing?.settings[name] ?? ''}
          />
        ))}
        {provider === 'custom' && <ModelsField models={changing?.models ?? []} />}
        <DialogEnd close={close}>
          <SubmitButton>{changing ? 'Save' : 'Add provider key'}</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}

function bodyOf(provider: Provider, typed: Typed): ProviderKeyBody {
  return {
    provider,
    ...fieldsOf(provider, typed, []),
    key: typed.text('key'),
    ...(provider === 'custom' && { slug: typed.optional('slug') }),
  };
}

/** The key stays where none is typed. */
function patchOf({ provider, models }: ProviderKey, typed: Typed): ProviderKeyPatch {
  const key = typed.optional('key');
  return { ...fieldsOf(provider, typed, models ?? []), ...(key !== null && { key }) };
}

function fieldsOf(provider: Provider, typed: Typed, known: Models) {
  const { baseUrl, settings } = PROVIDERS[provider];
  const given = Object.keys(settings ?? {}).flatMap((name) => {
    const value = typed.optional(`settings.${name}`);
    return value === null ? [] : [[name, value] as const];
  });
  return {
    name: typed.text('name'),
    ...(baseUrl !== 'none' && { baseUrl: typed.optional('baseUrl') }),
    ...(settings && { settings: Object.fromEntries(given) }),
    ...(provider === 'custom' && { models: modelsIn(typed.text('models'), known) }),
  };
}

type Models = NonNullable<ProviderKey['models']>;

/** A model a line: its name, and per million tokens what comes in and goes out. What else is known of it stays. */
function modelsIn(text: string, known: Models) {
  return text
    .split('\n')
    .map((line) => line.split(/[\s,]+/).filter(Boolean))
    .filter(([name]) => name !== undefined)
    .map(([name = '', inputPrice = null, outputPrice = null]) => {
      const { cachedInputPrice = null, ...rest } = known.find((model) => model.name === name) ?? {};
      return {
        ...rest,
        name,
        inputPrice,
        outputPrice,
        cachedInputPrice: inputPrice === null ? null : cachedInputPrice,
      };
    });
}

const modelLine = ({ name, inputPrice, outputPrice }: Models[number]) =>
  [name, inputPrice, outputPrice].filter((part) => part !== null).join(', ');

function SecretField({
  label,
  isLong,
  changing,
}: {
  label: string;
  isLong: boolean;
  changing: ProviderKey | undefined;
}) {
  const error = useFieldError('key');
  const placeholder = changing && `${changing.maskedKey} stays, unless you type another`;
  if (!isLong) {
    return (
      <TextField
        name="key"
        label={label}
        type="password"
        autoComplete="off"
        placeholder={placeholder}
        {...(!changing && { required: true })}
      />
    );
  }
  return (
    <Textarea
      name="key"
      label={label}
      rows={4}
      className="w-full"
      autoComplete="off"
      placeholder={placeholder}
      {...(error && { error })}
    />
  );
}

function ModelsField({ models }: { models: Models }) {
  const error = useFieldError('models');
  return (
    <Textarea
      name="models"
      label="Models"
      rows={3}
      className="w-full font-mono"
      placeholder="llama-4-70b, 0.40, 1.20"
      defaultValue={models.map(modelLine).join('\n')}
      description="One a line: its name, and USD per million tokens in and out. Without prices it is refused to whoever has a limit."
      {...(error && { error })}
    />
  );
}
