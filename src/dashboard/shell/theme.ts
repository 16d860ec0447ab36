/** Light, dark, or as the system has it. public/dashboard/theme.js does the same before the first paint. */
import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark' | 'system';

const KEY = 'purser.theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function chosenTheme(): Theme {
  try {
    const chosen = localStorage.getItem(KEY);
    return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
  } catch {
    return 'system';
  }
}

export function chooseTheme(theme: Theme): void {
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // It then lasts until the page is closed.
  }
  apply(theme);
}

function apply(theme: Theme): void {
  document.documentElement.dataset.mode = theme === 'system' ? (system.matches ? 'dark' : 'light') : theme;
  for (const listener of listeners) listener();
}

system.addEventListener('change', () => apply(chosenTheme()));

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The mode that is painted now. */
export function useMode(): 'light' | 'dark' {
  return useSyncExternalStore(subscribe, () => (document.documentElement.dataset.mode === 'dark' ? 'dark' : 'light'));
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, chosenTheme);
}
