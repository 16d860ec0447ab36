/** Where the dashboard begins in a browser. */
import './app.css';
import { LinkProvider } from '@cloudflare/kumo';
import { TooltipProvider } from '@cloudflare/kumo/components/tooltip';
import { CSPProvider } from '@cloudflare/kumo/primitives/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { router } from './router.tsx';
import { isRefusal, queryClient } from './shell/api.ts';
import { AppLink } from './shell/link.tsx';
// It follows the system from light to dark, also on pages that have no menu for it.
import './shell/theme.ts';
import { OfflineBanner } from './shell/offline.tsx';
import { Toasts } from './shell/toasts.tsx';

const place = document.getElementById('app');
if (!place) throw new Error('index.html has no #app');

// What Purser refuses is shown where the page would be (errors.tsx), and is nobody's mistake.
const onCaughtError = (error: unknown) => {
  if (!isRefusal(error)) console.error(error);
};

createRoot(place, { onCaughtError }).render(
  <StrictMode>
    {/* The content security policy refuses style elements, which some parts would add. */}
    <CSPProvider disableStyleElements>
      <LinkProvider component={AppLink}>
        <QueryClientProvider client={queryClient}>
          <TooltipProvider>
            <OfflineBanner />
            <RouterProvider router={router} />
            <Toasts />
          </TooltipProvider>
        </QueryClientProvider>
      </LinkProvider>
    </CSPProvider>
  </StrictMode>,
);
