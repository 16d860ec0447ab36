/** Backup codes, shown this once. */
import { Snippet } from '../../parts/secret.tsx';

export function BackupCodes({ codes }: { codes: string[] }) {
  return (
    <div className="flex flex-col gap-3">
      <p className="text-kumo-default">
        Keep these backup codes where you find them without your phone. Each signs you in once, and they are shown this
        once only.
      </p>
      <Snippet label="Backup codes" text={codes.join('\n')} />
    </div>
  );
}
