import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seccompFilters } from './seccomp.ts';

const [ALLOW, KILL, EPERM, ENOSYS] = [0x7fff0000, 0x80000000, 0x00050001, 0x00050026];

/** What the kernel does: runs the program over `struct seccomp_data` (number, architecture, address, six arguments). */
function ask(
  filter: Buffer,
  number: number,
  [first = 0, second = 0]: readonly number[] = [],
  arch = 0xc000003e,
): number {
  const data = new Map([[0, number], [4, arch], [16, first], [24, second]]); // biome-ignore format: a table
  let value = 0;
  for (let at = 0; ; at++) {
    const [code, operand] = [filter.readUInt16LE(at * 8), filter.readUInt32LE(at * 8 + 4)];
    const jump = (yes: boolean): number => filter.readUInt8(at * 8 + (yes ? 2 : 3));
    if (code === 0x20) value = data.get(operand) ?? assert.fail(`offset ${operand}`);
    else if (code === 0x15) at += jump(value === operand);
    else if (code === 0x35) at += jump(value >= operand);
    else if (code === 0x45) at += jump((value & operand) !== 0);
    else if (code === 0x06) return operand;
    else assert.fail(`instruction ${code}`);
  }
}

test('calls that lead out are refused to all, new processes and signals to the candidate, the rest is allowed', () => {
  const { everyone, candidate } = seccompFilters('x64') ?? assert.fail();
  const refused = (filter: Buffer): number[] =>
    Array.from({ length: 500 }, (_, number) => number).filter((number) => ask(filter, number) === EPERM);
  const [ptrace, fork, execve, kill, read, mount, setxattrat] = [101, 57, 59, 62, 0, 165, 463];
  for (const number of [ptrace, mount]) assert.equal(ask(everyone, number), EPERM);
  for (const number of [fork, execve, kill, read]) assert.equal(ask(everyone, number), ALLOW);
  for (const number of [ptrace, mount, fork, execve, kill, setxattrat]) assert.equal(ask(candidate, number), EPERM);
  assert.equal(ask(candidate, read), ALLOW);
  for (const number of refused(everyone)) assert.equal(ask(candidate, number), EPERM);
});

test('some calls are refused by their arguments', () => {
  const { everyone, candidate } = seccompFilters('x64') ?? assert.fail();
  const [clone, clone3, prlimit, fcntl, ioctl] = [56, 435, 302, 72, 16];
  const [thread, newUser, setOwner, getFlags, spgrp] = [0x10000, 0x10000000, 8, 3, 0x8902];
  assert.deepEqual([ask(everyone, clone, [0]), ask(everyone, clone, [newUser])], [ALLOW, EPERM]);
  assert.deepEqual([ask(candidate, clone, [0]), ask(candidate, clone, [thread])], [EPERM, ALLOW]);
  assert.equal(ask(candidate, clone, [thread | newUser]), EPERM);
  assert.equal(ask(candidate, clone3), ENOSYS);
  assert.deepEqual([ask(candidate, prlimit, [0]), ask(candidate, prlimit, [1])], [ALLOW, EPERM]);
  assert.deepEqual([ask(candidate, fcntl, [0, setOwner]), ask(candidate, fcntl, [0, getFlags])], [EPERM, ALLOW]);
  assert.equal(ask(candidate, ioctl, [0, spgrp]), EPERM);
});

test('calls of another ABI are unknown, another architecture ends the process', () => {
  const { candidate } = seccompFilters('x64') ?? assert.fail();
  assert.equal(ask(candidate, 0x40000000), ENOSYS);
  assert.equal(ask(candidate, 0, [], 0x40000003), KILL);
  assert.equal(seccompFilters('mips'), undefined);
});
