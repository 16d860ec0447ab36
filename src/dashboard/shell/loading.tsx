/** In the place of a page that takes a moment: its heading and some of its content, in grey. */
import { Bone } from '../parts/state.tsx';

export function Loading() {
  return (
    <div role="status" aria-busy="true" className="mx-auto flex w-full max-w-[88rem] flex-col gap-6 p-4 sm:p-6 lg:p-8">
      <span className="sr-only">Loading</span>
      <Bone className="h-8 w-48" />
      <Bone className="h-40 w-full" />
      <Bone className="h-64 w-full" />
    </div>
  );
}
