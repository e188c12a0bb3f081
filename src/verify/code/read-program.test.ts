import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readProgram } from './read-program.ts';

const PROMPT =
  'from typing import List\n\n\ndef helper(x):\n    return x\n\n\ndef f(xs: List[int]) -> int:\n    """ Sum. """\n';
const HUMAN = { prompt: PROMPT, entryPoint: 'f' };
const block = (code: string, tag = 'python'): string => `\`\`\`${tag}\n${code}\n\`\`\``;

test('the last block of the language is the program', () => {
  const text = `First\n${block('a = 1')}\nthen\n${block('b = 2')}\nprints\n${block('2', 'text')}`;
  assert.equal(readProgram(text).program, 'b = 2');
  assert.equal(
    readProgram(`${block('x', 'js')}\n${block('const a = 1', 'javascript')}\n${block('a = 1')}`, {
      language: 'javascript',
    }).program,
    'const a = 1',
  );
});

test('of several blocks, the last that defines the entry point is the program', () => {
  const text = `${block('def f(xs):\n    return 1')}\nUse it:\n${block('print(f([1]))')}`;
  assert.equal(readProgram(text, { entryPoint: 'f' }).program, 'def f(xs):\n    return 1');
});

test('a block without a tag serves when none has one, and other languages never do', () => {
  assert.equal(readProgram(block('a = 1', '')).program, 'a = 1');
  assert.match(readProgram(block('ls', 'bash')).unread ?? '', /no fenced block/);
});

test('a block that was cut off serves only when no other is whole', () => {
  assert.equal(readProgram('```python\na = 1\n').program, 'a = 1\n');
  assert.equal(readProgram(`${block('a = 1')}\n\`\`\`python\nb =`).program, 'a = 1');
});

test('fences may be longer, of tildes, or indented in a list', () => {
  assert.equal(readProgram('````python\ns = """\n```\n"""\n````').program, 's = """\n```\n"""');
  assert.equal(readProgram('~~~py\na = 1\n~~~').program, 'a = 1');
  assert.equal(readProgram('1. So:\n   ```python\n   if a:\n       b()\n   ```').program, 'if a:\n    b()');
});

test('the thinking part is skipped, and one that never ends holds no program', () => {
  assert.equal(readProgram(`<think>${block('a = 1')}</think>\n${block('b = 2')}`).program, 'b = 2');
  assert.match(readProgram(`<think>${block('a = 1')}`).unread ?? '', /thinking/);
});

test('an unfenced body continues the prompt to the letter', () => {
  assert.equal(readProgram('    return sum(xs)\n', HUMAN).program, `${PROMPT}    return sum(xs)\n`);
  assert.equal(
    readProgram(' and more.\n    """\n    return 1', HUMAN).program,
    `${PROMPT} and more.\n    """\n    return 1`,
  );
});

test('a whole function gets the imports and helpers of the prompt', () => {
  const whole = 'def f(xs: List[int]) -> int:\n    return helper(sum(xs))';
  const expected = 'from typing import List\n\n\ndef helper(x):\n    return x\n\n';
  assert.equal(readProgram(block(whole), HUMAN).program, `${expected}\n${whole}`);
  assert.equal(readProgram(whole, HUMAN).program, `${expected}\n${whole}`);
});

test('imports from the future stay before all else', () => {
  const whole = 'from __future__ import annotations\nimport math\n\ndef f(xs): return 1';
  const { program = '' } = readProgram(block(whole), HUMAN);
  assert.match(program, /^from __future__ import annotations\nfrom typing import List\n/);
  assert.match(program, /import math\n\ndef f\(xs\): return 1$/);
});

test('a fenced body is put under the function, with its indentation mended', () => {
  const body = '    total = 0\n    for x in xs:\n        total += x\n    return total';
  const dedented = 'total = 0\nfor x in xs:\n    total += x\nreturn total';
  const firstLost = 'total = 0\n    for x in xs:\n        total += x\n    return total';
  for (const text of [body, dedented, firstLost]) assert.equal(readProgram(block(text), HUMAN).program, PROMPT + body);
});

test('a prompt in prose is not put before the program', () => {
  assert.equal(readProgram(block('def f(): pass'), { prompt: 'Write f.', entryPoint: 'f' }).program, 'def f(): pass');
});

test('no program says why', () => {
  assert.match(readProgram('').unread ?? '', /empty/);
  assert.match(readProgram('I am sorry, I cannot.').unread ?? '', /not code/);
  assert.equal(readProgram('import sys\nprint(1)').program, 'import sys\nprint(1)');
});

test('any text is read, and either a program or a reason comes back', () => {
  const pieces = fc.constantFrom(
    '```',
    '```python',
    '~~~',
    '\n',
    '    ',
    'def f(x):',
    'return x',
    '<think>',
    '</think>',
    '\t',
    '\r\n',
    '`',
    'ä',
    '\u0000',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), fc.boolean(), (parts, human) => {
      const { program, unread } = readProgram(parts.join(''), human ? HUMAN : {});
      assert.equal(program === undefined, unread !== undefined);
    }),
  );
});

test('hostile lengths are read in one pass', () => {
  for (const text of ['`'.repeat(1e6), '```\n'.repeat(2e5), ' '.repeat(1e6), 'a'.repeat(1e6), '\n'.repeat(1e6)])
    readProgram(text, HUMAN);
});
