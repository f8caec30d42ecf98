import { isIP, isIPv4, isIPv6 } from 'node:net';

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const dateTime = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const goDuration = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/;
const wordDuration =
  /^\d+ ?(?:ns|us|µs|ms|s|m|h|d|w|(?:nano|micro|milli)?(?:sec|second)s?|min(?:ute)?s?|h(?:ou)?rs?|days?|weeks?)$/;
const hostname = /^[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*$/;

/** The formats of a custom schema that are looked at; any other is a remark for people, as in the original. */
const formats: Readonly<Record<string, (text: string) => boolean>> = {
  byte: (text) => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0,
  cidr: (text) => {
    const [address = '', bits = ''] = text.split('/');
    const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
    return /^\d{1,3}$/.test(bits) && Number(bits) <= most && text.split('/').length === 2;
  },
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && dayExists(text),
  'date-time': (text) => dateTime.test(text) && dayExists(text.slice(0, 10)),
  duration: (text) => text === '0' || goDuration.test(text) || wordDuration.test(text),
  email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
  hostname: (text) => text.length <= 255 && hostname.test(text),
  ipv4: isIPv4,
  ipv6: isIPv6,
  ip: (text) => isIP(text) !== 0,
  mac: (text) => /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}$/i.test(text),
  uri: (text) => text.startsWith('/') || URL.canParse(text),
  uuid: (text) => uuid.test(text),
};

/** Whether a text has the format, or the format is none that is looked at. */
export function hasFormat(text: string, format: string): boolean {
  return !Object.hasOwn(formats, format) || formats[format]?.(text) === true;
}

function dayExists(date: string): boolean {
  const at = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(date);
}
