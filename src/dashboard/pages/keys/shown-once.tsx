/** A key's secret, shown this once, with a call to try it by. */
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { useFirstModel } from '../../parts/first-model.ts';
import { Secret, Snippet } from '../../parts/secret.tsx';

export function ShownOnce({ name, secret, close }: { name: string; secret: string; close: () => void }) {
  const model = useFirstModel(secret);
  const call = `curl ${location.origin}/v1/chat/completions \\
  -H "Authorization: Bearer ${secret}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello"}]}'`;
  return (
    <Modal
      title={`The secret of ${name}`}
      description="It is shown this once and stored nowhere: keep it now."
      size="lg"
      close={close}
    >
      <div className="flex flex-col gap-4">
        <Secret label={`Secret of ${name}`} secret={secret} />
        <Snippet label="A call to try it by" text={call} />
      </div>
      <DialogEnd close={close} cancel="I have kept it" />
    </Modal>
  );
}
