/** Documents to render: an invoice, a credit note, one of 80 lines, and one whose names are in five scripts and more. */
import type { CreditNote, Invoice, Line, Party } from '../../../src/billing/documents/document.ts';
import { addMinorUnits, minorUnits, percentOf, timesDecimal } from '../../../src/money/minor-units.ts';

const SELLER: Party = {
  name: 'Purser Example GmbH',
  addressLines: ['Musterstraße 12', '10115 Berlin'],
  country: { code: 'DE', name: 'Germany' },
  taxId: 'DE123456789',
  email: 'billing@purser.example',
};

const BUYER: Party = {
  name: 'Fjord & Søn A/S',
  addressLines: ['Attn: Accounts payable', 'Nørregade 7, 2. sal', '1165 København K'],
  country: { code: 'DK', name: 'Denmark' },
  taxId: 'DK12345678',
  email: 'invoices@fjord.example',
};

export function line(description: string, quantity: string, unitPrice: number, rest: Partial<Line> = {}): Line {
  const price = minorUnits(unitPrice);
  const amount = timesDecimal(price, quantity);
  return { description, quantity, unitPrice: price, period: null, taxPercent: null, amount, ...rest };
}

/** An invoice of these lines, without fees and taxes unless told, all of it paid. */
export function invoice(lines: readonly Line[], rest: Partial<Invoice> = {}): Invoice {
  const { fees = [], taxes = [] } = rest;
  const subtotal = addMinorUnits(...lines.map(({ amount }) => amount));
  const total = addMinorUnits(subtotal, ...[...fees, ...taxes].map(({ amount }) => amount));
  return {
    kind: 'invoice',
    number: '2026-000123',
    issued: '2026-11-22',
    due: null,
    paidOn: '2026-11-22',
    servicePeriod: null,
    seller: SELLER,
    buyer: BUYER,
    currency: 'USD',
    lines,
    fees,
    taxes,
    totals: { subtotal, total, paid: total, due: minorUnits(0) },
    reverseCharge: false,
    notes: [],
    language: 'en',
    logo: null,
    colour: null,
    ...rest,
  };
}

const NOVEMBER = { from: '2026-11-01', to: '2026-11-30' };

export function plainInvoice(): Invoice {
  const taxPercent = '19';
  const lines = [
    line('Pro plan, seats', '12', 2_900, { period: NOVEMBER, taxPercent }),
    line('Pro plan, 3 seats added on 12 November, prorated for 19 of 30 days', '1', 5_510, {
      period: { from: '2026-11-12', to: '2026-11-30' },
      taxPercent,
    }),
    line('Credit top-up for model usage', '1', 50_000, { taxPercent }),
  ];
  const fee = { description: 'Payment processing fee', taxPercent, amount: minorUnits(1_450) };
  const taxable = addMinorUnits(fee.amount, ...lines.map(({ amount }) => amount));
  const taxes = [{ name: 'VAT', percent: '19', taxable, amount: percentOf(taxable, '19') }];
  const open = invoice(lines, { fees: [fee], taxes });
  const { total } = open.totals;
  return {
    ...open,
    due: '2026-12-22',
    paidOn: null,
    servicePeriod: NOVEMBER,
    buyer: { ...BUYER, country: { code: 'DE', name: 'Germany' } },
    totals: { ...open.totals, paid: minorUnits(0), due: total },
    notes: ['Please give the invoice number with your payment. IBAN DE02 1203 0000 0000 2020 51, BIC BYLADEM1001.'],
    logo: logo(),
    colour: '#1a73e8',
  };
}

export function reverseChargeCreditNote(): CreditNote {
  const lines = [line('Credit top-up for model usage, refunded', '-1', 25_000, { taxPercent: '0' })];
  const taxes = [{ name: 'VAT', percent: '0', taxable: minorUnits(-25_000), amount: minorUnits(0) }];
  const { due: _due, paidOn: _paidOn, ...base } = invoice(lines, { taxes, currency: 'EUR', number: 'CN-2026-000007' });
  return {
    ...base,
    kind: 'credit-note',
    original: { number: '2026-000101', issued: '2026-10-30', percent: '50' },
    refundedOn: '2026-11-22',
    reverseCharge: true,
    colour: '#0f766e',
  };
}

export function longInvoice(count = 80): Invoice {
  const lines = Array.from({ length: count }, (_, i) => {
    const description =
      i % 9 === 4
        ? `Project ${i + 1}: retrieval over the product manuals of all subsidiaries, with the nightly re-indexing that was agreed in September`
        : `Project ${i + 1}: model usage`;
    return line(description, String(1 + (i % 7)), 1_999 + i * 37, i % 5 === 0 ? { period: NOVEMBER } : {});
  });
  return invoice(lines, { buyer: { ...BUYER, country: { code: 'US', name: 'United States' } } });
}

/** Five scripts, one that the font lacks, a name that is one long word, and an address without an end. */
export function manyScripts(): Invoice {
  const buyer: Party = {
    name: 'Công ty Trách nhiệm Hữu hạn Nguyễn Thị Hồng Phượng & Spółka z o.o. „Źdźbło”',
    addressLines: [
      'ул. Большая Ордынка, д. 17, стр. 1, подъезд ё, Київ — ґанок',
      'Λεωφόρος Βασιλίσσης Σοφίας 45, Ἀθῆναι',
      'ul. Świętokrzyska 31/33, Łódź, Zażółć gęślą jaźń',
      '136 đường Trần Hưng Đạo, Quận 1, Thành phố Hồ Chí Minh',
      'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
      '株式会社 東京',
    ],
    country: { code: 'VN', name: 'Việt Nam' },
    taxId: null,
    email: 'a.very.long.address.of.the.accounting.department@subsidiary.holding.example',
  };
  const lines = [
    line('Uzupełnienie środków — Żółw, Łoś, Ćma, Ńandu, Ąę', '1', 1),
    line('Пополнение баланса: Щука, Ёж, Ї, Є, Ґ, Ў, Ѓ, Ќ', '1', 99_999_999),
    line('Επαναφόρτιση υπολοίπου: ΐ ΰ Ώ ώ ς', '2.5', 1_001),
    line('Nạp tiền: ằ ẳ ẵ ặ ấ ầ ẩ ẫ ậ ế ề ể ễ ệ ố ồ ổ ỗ ộ ớ ờ ở ỡ ợ ứ ừ ử ữ ự ỳ ỵ ỷ ỹ', '1', 0),
    line('İstanbul, Ğ, ş, ő, ű, ț, ș, ŵ, ŷ, ħ, ð, þ, ß, ﬁ, ＡＢＣ, € £ ¥ ₫ ₴ № ™', '1', 250),
    line('e\u0302\u0303 composed of three, \u200bnothing\u202e hidden', '1', 250),
  ];
  return invoice(lines, { buyer, seller: { ...SELLER, taxId: null, email: null } });
}

/** A PNG with sharp edges, so that its place and its size show: a ring and two bars, 180 x 52. */
function logo(): Uint8Array {
  return Uint8Array.from(atob(LOGO), (char) => char.charCodeAt(0));
}

const LOGO =
  'iVBORw0KGgoAAAANSUhEUgAAALQAAAA0CAIAAACsH4W9AAABbElEQVR4nO3dQZKDMAxE0Zwj18yl5xbJPkUPxm4kS/mvtA1Q5u8C5vEGhEf2BWBfS3E8X38j47tahJqJY7AJKqnuWhzTWZBIRaNxWLIgkVqG4rCXQR8lnMRxUxYkUsJ/cQSUQR87k3GElUEf2zqOI7gM+thT1ThSrvAX5iSOTa6MONJvwXccK8ey3EXiyB1PHIN38abDpi9i15Fx2G/hfQdPX8SusxrHRBn246cvYtc5jsN45wL6SF/ErjMfx2IZxhOlL2LXmYzDUobrXOmL2HUO4rj6s7vjOD1d+iJ2nZk4jGVYzpi+iF2nQxwIQByQiAMScUAiDkjEAYk4IBEHJOKAVDWO0593GvviD+K/lQJjXPlL+Fe2wBhX/hKe5ygwlmWfwJNgBWZxzadVfYYUAao+fY4AVd9bQYCqb7whQNV3ZRGg6lv2CEAckNjZBxJ7gkFiN0FI7EMKiR2MIbH3OSS+mgCJ761A4ktNkD6NO2ImlWn1tQAAAABJRU5ErkJggg==';
