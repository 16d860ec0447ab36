/** Asking for more on one of one's own limits; whoever may grant it is mailed. */
import type { EffectiveBudget } from '../../../../client/index.ts';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, MoneyField, SelectField, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { periodWords } from '../../parts/limits.ts';
import { forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';

export default function AskForMore({ limits, close }: { limits: EffectiveBudget | undefined; close: () => void }) {
  const { organizationId: orgId } = useHere();
  const options = [
    ...(limits?.periodUsageLimit != null ? [{ value: 'periodUsageLimit', label: `Spend ${periodWords(limits)}` }] : []),
    ...(limits?.usageLimit != null ? [{ value: 'usageLimit', label: 'Spend in total' }] : []),
  ];
  const submit = useSubmit(
    (typed) =>
      purser.call('POST /orgs/{orgId}/budget-requests', {
        path: { orgId },
        body: {
          limit: typed.text('limit') === 'usageLimit' ? 'usageLimit' : 'periodUsageLimit',
          amount: typed.optional('amount'),
          note: typed.optional('note'),
        },
      }),
    {
      done: async () => {
        toast.done('Asked. You are mailed once it is decided.');
        close();
        await forget('GET /orgs/{orgId}/budget-requests');
      },
    },
  );
  return (
    <Modal
      title="Ask for more"
      description="Whoever sets budgets here is mailed, and can grant it with one click."
      close={close}
    >
      <Form submit={submit}>
        <SelectField name="limit" label="Limit" options={options} />
        <MoneyField name="amount" label="How much more, in USD" placeholder="Let them decide" />
        <TextField name="note" label="What for" />
        <DialogEnd close={close}>
          <SubmitButton>Ask</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
