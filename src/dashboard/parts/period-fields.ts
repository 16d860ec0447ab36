/** What there is to choose of a period, as fields of budgets and of key limits offer it. */
import { ALIGNMENTS, UNITS } from '../../teams/budget-shape.ts';

const ALIGNMENT_NAMES = {
  rolling: 'Rolling: any such time',
  'first-use': 'From the first use on',
  calendar: 'Of the calendar',
};

export const UNIT_OPTIONS = UNITS.map((unit) => ({ value: unit, label: unit }));

export const ALIGNMENT_OPTIONS = ALIGNMENTS.map((value) => ({ value, label: ALIGNMENT_NAMES[value] }));

/** As it was chosen in a field; a month where that is none. */
export const unitIn = (text: string) => UNITS.find((unit) => unit === text) ?? 'month';

/** The same of how it is counted. */
export const alignmentIn = (text: string) => ALIGNMENTS.find((each) => each === text) ?? 'rolling';
