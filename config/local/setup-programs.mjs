import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run, SetupError } from './setup-steps.mjs'

/** How each program is recognised and what the package managers call it. */
const programs = {
  ffmpeg: { isHere: () => find('ffmpeg') && find('ffprobe'), apt: 'ffmpeg', dnf: 'ffmpeg', brew: 'ffmpeg' },
  redis: { isHere: () => find('redis-server'), apt: 'redis-server', dnf: 'redis', brew: 'redis' },
  nginx: { isHere: () => find('nginx'), apt: 'nginx', dnf: 'nginx', brew: 'nginx' },
  chromium: {
    isHere: () => find('chromium') || find('chromium-browser') || find('google-chrome'),
    apt: 'chromium',
    dnf: 'chromium',
    brew: '--cask chromium',
  },
  // What `npm run bench` measures against, and its slow network.
  'nginx-rtmp': {
    isHere: () => existsSync('/usr/lib/nginx/modules/ngx_rtmp_module.so'),
    apt: 'libnginx-mod-rtmp',
    dnf: 'nginx-mod-rtmp',
    brew: 'nginx-full',
  },
  ip: { isHere: () => find('ip'), apt: 'iproute2', dnf: 'iproute-tc', brew: 'iproute2mac' },
  rclone: { isHere: () => find('rclone'), apt: 'rclone', dnf: 'rclone', brew: 'rclone' },
  boto3: python('python3-boto3', 'boto3'),
  drf: python('python3-djangorestframework', 'rest_framework'),
  'django-filters': python('python3-django-filters', 'django_filters'),
  'django-redis': python('python3-django-redis', 'django_redis'),
  psycopg2: python('python3-psycopg2', 'psycopg2'),
  gunicorn: { isHere: () => find('gunicorn'), apt: 'gunicorn', dnf: 'python3-gunicorn', brew: 'gunicorn' },
  channels: python('python3-django-channels', 'channels'),
  'channels-redis': python('python3-channels-redis', 'channels_redis'),
  daphne: { isHere: () => find('daphne'), apt: 'daphne', dnf: 'python3-daphne', brew: 'daphne' },
  // The crowd of the chat is compiled.
  gcc: { isHere: () => find('gcc'), apt: 'gcc', dnf: 'gcc', brew: 'gcc' },
  'libc-dev': {
    isHere: () => existsSync('/usr/include/stdio.h'),
    apt: 'libc6-dev',
    dnf: 'glibc-devel',
    brew: 'gcc',
  },
  socat: { isHere: () => find('socat'), apt: 'socat', dnf: 'socat', brew: 'socat' },
}

/** A Python package as Debian has it. */
function python(name, module) {
  return { isHere: () => existsSync(`/usr/lib/python3/dist-packages/${module}`), apt: name, dnf: name, brew: module }
}

/** The packages start services of their own where an init system runs; this keeps them from it while they install. */
const aptScript = `
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  trap 'exit 1' INT TERM HUP
  printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy || exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# Its progress on a descriptor of its own: with 1, the packages' scripts have nowhere to write and fail.
options="-q -o DPkg::Lock::Timeout=120 -o APT::Status-Fd=3 -o Dpkg::Use-Pty=0"
apt-get $options update 3>&1
apt-get $options install -y --no-install-recommends "$@" 3>&1
`

/**
 * Sees what is missing, and whether apt-get can install it: as root or with a sudo that asks nothing. When it cannot, a
 * person hears what to install before anything else takes their time.
 *
 * @returns what installs it
 */
export async function planPrograms(names) {
  const missing = names.filter((name) => !programs[name].isHere())
  if (missing.length === 0) return async () => {}
  const asRoot = find('apt-get') ? await rootCommand() : null
  if (!asRoot) throw new SetupError(whatToInstall(missing))
  return (say) => installWithApt(missing, asRoot, say)
}

async function installWithApt(missing, asRoot, say) {
  const packages = missing.map((name) => programs[name].apt)
  say(`installing with apt-get: ${packages.join(', ')}`)
  const [command, ...args] = [...asRoot, 'sh', '-c', aptScript, 'sh', ...packages]
  const { code, text } = await run(command, args, { onLine: progressOf(say) })
  const left = missing.filter((name) => !programs[name].isHere())
  if (code === 0 && left.length === 0) return
  const words = text.split('\n').filter((line) => !/^(dl|pm)status:/.test(line))
  throw new SetupError(
    `apt-get did not install ${packages.join(', ')}:\n${words.join('\n').trim()}\n${whatToInstall(missing)}`,
  )
}

/** @returns the words before a command that needs root, or null */
async function rootCommand() {
  if (process.getuid() === 0) return []
  if (!find('sudo')) return null
  const { code } = await run('sudo', ['-n', 'true'])
  return code === 0 ? ['sudo', '-n'] : null
}

/** apt-get's status lines as a line each quarter: `pmstatus:nginx:42.5:Unpacking nginx (amd64)`. */
function progressOf(say) {
  const shown = { dl: -1, pm: -1 }
  return (line) => {
    const [, kind, percent] = /^(dl|pm)status:.*?:([\d.]+):/.exec(line) ?? []
    const quarter = Math.floor(Number(percent) / 25)
    if (!kind || quarter <= shown[kind]) return
    shown[kind] = quarter
    say(`  … apt-get ${kind === 'dl' ? 'fetches' : 'unpacks'}, ${Math.round(Number(percent))} %`)
  }
}

function whatToInstall(missing) {
  const list = (manager) => missing.map((name) => programs[name][manager]).join(' ')
  const manager = ['apt-get', 'dnf', 'brew'].find(find)
  const command = {
    'apt-get': `sudo apt-get install -y ${list('apt')}`,
    dnf: `sudo dnf install ${list('dnf')}`,
    brew: `brew install ${list('brew')}`,
  }[manager]
  const how = command ? `run \`${command}\`` : 'install them with your package manager'
  return `Missing: ${missing.join(', ')}. Please ${how}, or use \`docker compose up\`.`
}

/** Debian keeps nginx in a directory that an ordinary user's PATH lacks. */
function find(program) {
  const directories = [...process.env.PATH.split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  return directories.map((directory) => join(directory, program)).find((file) => existsSync(file))
}
