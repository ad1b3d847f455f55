/**
 * What stores ask for, in US dollars without tax, as their price lists said on 2026-11-01. A gigabyte is 10⁹ bytes, a month
 * is thirty days. Edit it when they change; nothing but `npm run library -- cost` reads it.
 */
export interface Tariff {
  name: string
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
    // developers.cloudflare.com/r2/pricing, standard storage
    ...none,
    name: 'Cloudflare R2',
    storedGb: 0.015,
    freeGb: 10,
    millionWrites: 4.5,
    freeWrites: 1_000_000,
    millionReads: 0.36,
    freeReads: 10_000_000,
  },
  {
    // aws.amazon.com/s3/pricing, S3 Standard, us-east-1
    ...none,
    name: 'Amazon S3',
    storedGb: 0.023,
    millionWrites: 5,
    millionReads: 0.4,
    egressGb: 0.09,
    freeEgressGb: 100,
  },
  {
    // backblaze.com/cloud-storage/pricing
    ...none,
    name: 'Backblaze B2',
    storedGb: 0.006,
    freeGb: 10,
    millionReads: 0.4,
    freeReads: 75_000,
    egressGb: 0.01,
    freeEgressTimesStored: 3,
  },
  {
    // cloud.google.com/storage/pricing, Standard, one region of the USA
    ...none,
    name: 'Google Cloud Storage',
    storedGb: 0.02,
    millionWrites: 5,
    millionReads: 0.4,
    egressGb: 0.12,
  },
]
