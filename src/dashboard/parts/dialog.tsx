/**
 * Dialogs. `<Modal>` for a form, `<Confirm>` for one question before what cannot be undone; both are open while they are rendered, so
 * that what they were opened for is a value of the page's own, or of its address.
 */
import { Banner } from '@cloudflare/kumo/components/banner';
import { Button } from '@cloudflare/kumo/components/button';
import { Dialog } from '@cloudflare/kumo/components/dialog';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { tellError } from '../shell/api.ts';

interface ModalProps {
  title: string;
  description?: ReactNode;
  size?: 'sm' | 'base' | 'lg' | 'xl';
  close: () => void;
  children: ReactNode;
}

export function Modal({ title, description, size = 'base', close, children }: ModalProps) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && close()}>
      <Dialog size={size} className="max-h-[calc(100dvh-2rem)] overflow-y-auto p-6 outline-none">
        <Dialog.Title className="text-lg font-semibold text-kumo-default">{title}</Dialog.Title>
        {description && <Dialog.Description className="mt-1 text-kumo-subtle">{description}</Dialog.Description>}
        <div className="mt-5">{children}</div>
      </Dialog>
    </Dialog.Root>
  );
}

/** The buttons at a dialog's end. */
export function DialogEnd({
  close,
  cancel = 'Cancel',
  children,
}: {
  close: () => void;
  cancel?: string;
  children?: ReactNode;
}) {
  return (
    <div className="mt-6 flex flex-wrap justify-end gap-2">
      <Button onClick={close}>{cancel}</Button>
      {children}
    </div>
  );
}

interface ConfirmProps {
  title: string;
  /** What happens then, and whether it can be undone. */
  consequence: ReactNode;
  /** What the button says: the deed itself, as in "Delete key". */
  deed: string;
  destructive?: boolean;
  act: () => Promise<unknown>;
  close: () => void;
}

/** Stays open until it is done, and tells why where it is not. */
export function Confirm({ title, consequence, deed, destructive = true, act, close }: ConfirmProps) {
  const acting = useMutation({ mutationFn: act, onSuccess: close });
  return (
    <Modal title={title} description={consequence} size="sm" close={close}>
      <div role="alert" className="empty:hidden">
        {acting.error ? <Banner variant="error" description={tellError(acting.error)} /> : null}
      </div>
      <DialogEnd close={close}>
        <Button
          variant={destructive ? 'destructive' : 'primary'}
          loading={acting.isPending}
          onClick={() => acting.mutate()}
        >
          {deed}
        </Button>
      </DialogEnd>
    </Modal>
  );
}
