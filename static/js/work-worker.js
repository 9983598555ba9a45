// Finds the number whose SHA-256 with the challenge is the wanted one. Plain JavaScript: browsers offer their own
// SHA-256 only over https, and one call of it for each number would take ten times as long.
const ROUNDS = new Uint32Array(64);
const START = new Uint32Array(8);

function fillTables() {
  const fraction = (root) => ((root - Math.floor(root)) * 4294967296) | 0;
  let found = 0;
  for (let number = 2; found < 64; number++) {
    let prime = true;
    for (let by = 2; by * by <= number; by++) if (number % by === 0) prime = false;
    if (!prime) continue;
    if (found < 8) START[found] = fraction(Math.sqrt(number));
    ROUNDS[found++] = fraction(Math.cbrt(number));
  }
}

const words = new Uint32Array(64);

// One block is enough: the text has at most 55 letters, all of them ASCII.
function hash(text, state) {
  words.fill(0, 0, 16);
  for (let at = 0; at < text.length; at++) words[at >> 2] |= text.charCodeAt(at) << (24 - (at % 4) * 8);
  words[text.length >> 2] |= 0x80 << (24 - (text.length % 4) * 8);
  words[15] = text.length * 8;
  for (let at = 16; at < 64; at++) {
    const early = words[at - 15];
    const late = words[at - 2];
    const first = ((early >>> 7) | (early << 25)) ^ ((early >>> 18) | (early << 14)) ^ (early >>> 3);
    const second = ((late >>> 17) | (late << 15)) ^ ((late >>> 19) | (late << 13)) ^ (late >>> 10);
    words[at] = words[at - 16] + first + words[at - 7] + second;
  }
  let [a, b, c, d, e, f, g, h] = START;
  for (let at = 0; at < 64; at++) {
    const upper = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + upper + ((e & f) ^ (~e & g)) + ROUNDS[at] + words[at]) | 0;
    const lower = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (lower + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  state.set([a, b, c, d, e, f, g, h]);
  for (let at = 0; at < 8; at++) state[at] += START[at];
}

function find(challenge, target, largest) {
  const wanted = Uint32Array.from(target.match(/.{8}/g), (part) => parseInt(part, 16));
  const state = new Uint32Array(8);
  for (let number = 0; number < largest; number++) {
    hash(`${challenge}:${number}`, state);
    if (state.every((word, at) => word === wanted[at])) return number;
  }
  return -1;
}

self.addEventListener("message", (event) => {
  fillTables();
  const { challenge, target, largest } = event.data;
  self.postMessage(find(challenge, target, largest));
});
