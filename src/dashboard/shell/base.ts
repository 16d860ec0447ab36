/** Where the dashboard lives on its origin. */
export const BASE = '/dashboard';
