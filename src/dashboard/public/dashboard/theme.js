// Runs before the first paint, so that a dark page never flashes white. What it reads, src/dashboard/shell/theme.ts writes.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('purser.theme');
  } catch {
    // Storage is closed to us: the system's mode it is.
  }
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.mode = dark ? 'dark' : 'light';
})();
