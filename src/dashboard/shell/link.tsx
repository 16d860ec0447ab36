/** Links of our pages as kumo's parts render them: a click changes the page without loading it anew, a look at one loads it ahead. */
import type { LinkComponentProps } from '@cloudflare/kumo';
import { useRouter } from '@tanstack/react-router';
import { forwardRef, type MouseEvent } from 'react';
import { BASE } from './base.ts';

/** `href` is as router.history has it, with the base: `/dashboard/orgs/...`. Any other address is an ordinary link. */
export const AppLink = forwardRef<HTMLAnchorElement, LinkComponentProps>(function AppLink(
  { href, to: _, onClick, target, ...rest },
  ref,
) {
  const router = useRouter();
  const ours = href?.startsWith(`${BASE}/`) || href === BASE;
  const ahead = () => {
    if (ours && href) router.preloadRoute({ to: href.slice(BASE.length) as never }).catch(() => undefined);
  };
  const go = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!ours || !href || !plain || target || event.defaultPrevented) return;
    event.preventDefault();
    router.history.push(href);
  };
  return <a ref={ref} href={href} target={target} onClick={go} onPointerEnter={ahead} onFocus={ahead} {...rest} />;
});
