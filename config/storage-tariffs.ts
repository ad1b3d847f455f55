/**
 * What stores ask for, in US dollars without tax. Compared on 2026-11-21 with copies of price lists and with what others
 * had read in them, not with the lists themselves; `asOf` is the day of the oldest reading that a tariff rests on. Check
 * the store's own list before you rely on it, and edit this when it has changed: nothing but `npm run library -- cost` and
 * the admin's page of the library read it.
 *
 * Only the first step of each price is here: S3 and Google ask less beyond some 50 TB stored or 10 TB read a month. A
 * gigabyte is 10⁹ bytes; S3 and Google count 2³⁰, so they ask up to 7 % less than this says. A month is thirty days.
 */
export const tariffsCheckedOn = '2026-11-21'

export interface Tariff {
  name: string
  /** The day on which the prices were last seen, `YYYY-MM-DD`. */
  asOf: string
  /** A gigabyte stored for a month, beyond `freeGb`. */
  storedGb: number
  freeGb: number
  /** A million requests that write or list, beyond `freeWrites`. */
  millionWrites: number
  freeWrites: number
  /** A million requests that read, beyond `freeReads`. */
  millionReads: number
  freeReads: number
  /** A gigabyte that is read from outside, beyond `freeEgressGb` and `freeEgressTimesStored` times what is stored. */
  egressGb: number
  freeEgressGb: number
  freeEgressTimesStored: number
}

const none = {
  freeGb: 0,
  millionWrites: 0,
  freeWrites: 0,
  millionReads: 0,
  freeReads: 0,
  egressGb: 0,
  freeEgressGb: 0,
  freeEgressTimesStored: 0,
}

export const tariffs: readonly Tariff[] = [
  {
    // developers.cloudflare.com/r2/pricing, standard storage: the page's source in cloudflare/cloudflare-docs (a copy
    // without a date), and the same figures read there by others on 2026-08-03 and 2026-09-07.
    ...none,
    name: 'Cloudflare R2',
    asOf: '2026-08-03',
    storedGb: 0.015,
    freeGb: 10,
    millionWrites: 4.5,
    freeWrites: 1_000_000,
    millionReads: 0.36,
    freeReads: 10_000_000,
  },
  {
    // aws.amazon.com/s3/pricing, S3 Standard, us-east-1: storage, traffic and its free 100 GB as read there by others on
    // 2026-09-07; requests as AWS's price list had them on 2026-07-21.
    ...none,
    name: 'Amazon S3',
    asOf: '2026-07-21',
    storedGb: 0.023,
    millionWrites: 5,
    millionReads: 0.4,
    egressGb: 0.09,
    freeEgressGb: 100,
  },
  {
    // backblaze.com/cloud-storage/pricing, pay as you go: $6.95 for a TB and thirty days (6.00 before), calls free, as read
    // there by others on 2026-09-07. Its page of transaction prices, in a copy without a date, still asks $0.004 for
    // 10,000 downloads beyond 2,500 a day.
    ...none,
    name: 'Backblaze B2',
    asOf: '2026-09-07',
    storedGb: 0.00695,
    freeGb: 10,
    egressGb: 0.01,
    freeEgressTimesStored: 3,
  },
  {
    // cloud.google.com/storage/pricing, Standard, one region of the USA: storage and traffic as read there by others on
    // 2026-09-07, storage in Google's price list on 2026-07-22; requests by its page of examples, in a copy without a date.
    // Without what some regions give for nothing.
    ...none,
    name: 'Google Cloud Storage',
    asOf: '2026-07-22',
    storedGb: 0.02,
    millionWrites: 5,
    millionReads: 0.4,
    egressGb: 0.12,
  },
]
