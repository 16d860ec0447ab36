/**
 * Says that a tool failed, where only text can say it: the first part of its result. Other protocols have a flag for that;
 * a model that reads this knows as much, and whoever translates it back finds the flag again.
 */
export const TOOL_FAILED = 'The tool failed:';
