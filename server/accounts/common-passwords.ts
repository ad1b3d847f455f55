/** What people begin a password with, so that whoever guesses does too. */
const words = `password passwort passw0rd parol пароль qwerty qwertz azerty йцукен iloveyou loveyou ilove love admin
  administrator administrador root user guest login welcome letmein changeme default secret master access hello computer
  internet samsung google facebook instagram youtube telegram whatsapp vkontakte microsoft windows apple iphone android
  monkey dragon tiger panther eagle falcon killer hunter ranger soccer football baseball basketball hockey liverpool
  arsenal chelsea barcelona realmadrid juventus manchester superman batman spiderman pokemon naruto minecraft starwars
  matrix sunshine princess angel beautiful flower butterfly chocolate cookie summer winter spring autumn shadow
  phoenix thunder freedom forever nothing whatever trustno1 letmein michael jennifer jessica jordan ashley daniel andrew
  joshua matthew nicole michelle anthony charlie robert thomas william alexander christian patrick natasha svetlana
  marina tatiana tatyana ekaterina nastya anastasia vladimir dmitry dmitriy andrey andrei sergey sergei alexey aleksey
  maksim maxim nikita kirill artem roman denis ivan elena olga irina natalia natalya yulia anna maria
  наташа марина любовь люблю привет солнышко солнце москва россия спартак зенит динамо kyrgyzstan bishkek manas
  kazakhstan almaty moskva rossiya spartak zenit dinamo lyubov privet solnyshko krasotka marinochka lubimaya ustat
  school student teacher university company business mother father family babygirl lovely fuckyou fuck asshole
  abc test temp pass`
  .split(/\s+/)
  .sort((a, b) => b.length - a.length)

/** Along these a finger or a tongue runs by itself. */
const rows = [
  '01234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'абвгдеёжзийклмнопрстуфхцчшщъыьэюя',
  'qwertyuiopasdfghjklzxcvbnm',
  'qazwsxedcrfvtgbyhnujmikolp',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
  'йцукенгшщзхъфывапролджэячсмитьбю',
  '1й2ц3у4к5е6н7г8ш9щ0з',
].flatMap((row) => [row, [...row].reverse().join('')])

const shapes: Record<string, string> = {
  '@': 'a',
  '4': 'a',
  '0': 'o',
  '1': 'i',
  '!': 'i',
  '3': 'e',
  '5': 's',
  $: 's',
  '7': 't',
}
const FEWEST_LETTERS = 5
const FEWEST_LEFT = 4
const MOST_WORDS = 3

/**
 * Whether a password is among the first that anybody would guess: known words, runs along a keyboard, years and repeated
 * signs, in any order, and hardly anything else. So the thousands of variants of the lists that go round need no list.
 */
export function isCommonPassword(password: string): boolean {
  const plain = password.normalize('NFKC').toLowerCase()
  if (new Set(plain).size < FEWEST_LETTERS) return true
  return left(plain) < FEWEST_LEFT
}

/** How many letters and digits stay when everything that is guessed first is taken away. */
function left(password: string): number {
  // One sign, one place: so both texts have the same thing at the same place.
  const signs = [...password].map((sign) => (sign.length > 1 ? '?' : sign))
  // A word is a word also with signs that look like its letters; digits beside it are digits.
  let texts = [signs.join(''), signs.map((sign) => shapes[sign] ?? sign).join('')]
  let found = 0
  for (const word of words) {
    const places = texts.flatMap((text) => placesOf(text, word))
    if (places.length > 0) found += 1
    for (const at of places) {
      texts = texts.map((text) => text.slice(0, at) + ' '.repeat(word.length) + text.slice(at + word.length))
    }
  }
  // A sentence of known words is a good password.
  if (found > MOST_WORDS) return signs.length
  const rest = withoutRuns(texts[0] ?? '')
    .replace(/(?:19|20)\d\d/g, ' ')
    .replace(/(.)\1{2,}/gu, ' ')
  return rest.match(/[\p{L}\p{N}]/gu)?.length ?? 0
}

function placesOf(text: string, word: string): number[] {
  const places: number[] = []
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) places.push(at)
  return places
}

/** Longest first, of three signs or more. */
function withoutRuns(signs: string): string {
  let rest = ''
  for (let at = 0; at < signs.length; ) {
    let length = 0
    for (let tried = 3; at + tried <= signs.length; tried++) {
      const piece = signs.slice(at, at + tried)
      if (!rows.some((row) => row.includes(piece))) break
      length = tried
    }
    rest += length > 0 ? ' ' : signs[at]
    at += length || 1
  }
  return rest
}
