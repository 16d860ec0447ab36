/** The user's own time zone, in which everything is shown unless the address says another. */
export const BROWSER_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
