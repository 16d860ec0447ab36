/** A secret that is shown this once: the text itself, and a button that copies it and says so. */
import { Button } from '@cloudflare/kumo/components/button';
import { CheckIcon, CopyIcon } from '@phosphor-icons/react';
import { useRef, useState } from 'react';
import { toast } from '../shell/toasts.tsx';
import { Scrolls } from './scrolls.tsx';

/** @public */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2_000);
    } catch {
      toast.failed(new Error('clipboard'));
    }
  };
  return (
    <Button size="sm" icon={copied ? CheckIcon : CopyIcon} onClick={copy}>
      <span aria-live="polite">{copied ? 'Copied' : label}</span>
    </Button>
  );
}

export function Secret({ secret, label }: { secret: string; label: string }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <div className="flex flex-wrap items-center gap-2">
      <input
        ref={field}
        readOnly
        aria-label={label}
        value={secret}
        onFocus={() => field.current?.select()}
        className="h-9 min-w-0 flex-1 basis-64 rounded-lg bg-kumo-recessed px-3 font-mono text-sm text-kumo-default ring ring-kumo-hairline"
      />
      <CopyButton text={secret} label="Copy key" />
    </div>
  );
}

/** Text to copy as it is: a command, a setting. */
export function Snippet({ text, label }: { text: string; label: string }) {
  return (
    <div className="relative">
      <Scrolls label={label} className="bg-kumo-recessed">
        <pre className="p-4 pr-28 font-mono text-sm text-kumo-default">{text}</pre>
      </Scrolls>
      <div className="absolute top-2 right-2">
        <CopyButton text={text} />
      </div>
    </div>
  );
}
