/**
 * System call filters as classic BPF (seccomp(2)): a list of refused calls, the rest allowed. They stand behind the
 * namespaces, not in front of them: what they refuse is what a kernel bug or a neighbour in the sandbox is reached by.
 */
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const LOAD = 0x20;
const EQUAL = 0x15;
const AT_LEAST = 0x35;
const ANY_BIT = 0x45;
const RETURN = 0x06;
const [NUMBER, ARCH, FIRST_ARGUMENT, SECOND_ARGUMENT] = [0, 4, 16, 24];
const NEW_NAMESPACES = 0x7e020080;
const CLONE_THREAD = 0x10000;

interface Arch {
  readonly audit: number;
  readonly numbers: Readonly<Record<string, number>>;
  /** Calls of another ABI start here (x32), where there is one. */
  readonly foreign?: number;
}

const SHARED_NEW = {
  pidfd_send_signal: 424,
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  pidfd_open: 434,
  clone3: 435,
  pidfd_getfd: 438,
  process_madvise: 440,
  mount_setattr: 442,
  setxattrat: 463,
};

const ARCHES: Readonly<Record<string, Arch>> = {
  x64: {
    audit: 0xc000003e,
    foreign: 0x40000000,
    // biome-ignore format: a table
    numbers: {
      ...SHARED_NEW, ioctl: 16, socket: 41, clone: 56, fork: 57, vfork: 58, execve: 59, kill: 62, semget: 64, msgget: 68, fcntl: 72, mq_open: 240, shmget: 29, ptrace: 101, syslog: 103,
      setpgid: 109, setsid: 112, personality: 135, sched_setparam: 142, sched_setscheduler: 144, setpriority: 141, chroot: 161, acct: 163, mount: 165, umount2: 166,
      swapon: 167, reboot: 169, init_module: 175, delete_module: 176, quotactl: 179, tkill: 200, sched_setaffinity: 203, tgkill: 234, kexec_load: 246,
      add_key: 248, request_key: 249, keyctl: 250, unshare: 272, perf_event_open: 298, fanotify_init: 300, prlimit64: 302, name_to_handle_at: 303, open_by_handle_at: 304,
      setns: 308, process_vm_readv: 310, process_vm_writev: 311, kcmp: 312, finit_module: 313, bpf: 321, execveat: 322, userfaultfd: 323, sched_setattr: 314, ioprio_set: 251, setxattr: 188, lsetxattr: 189, fsetxattr: 190, rt_sigqueueinfo: 129, rt_tgsigqueueinfo: 297, pivot_root: 155,
    },
  },
  arm64: {
    audit: 0xc00000b7,
    // biome-ignore format: a table
    numbers: {
      ...SHARED_NEW, fcntl: 25, ioctl: 29, mq_open: 180, socket: 198, clone: 220, execve: 221, kill: 129, semget: 190, msgget: 186, shmget: 194, ptrace: 117, syslog: 116,
      setpgid: 154, setsid: 157, personality: 92, sched_setparam: 118, sched_setscheduler: 119, setpriority: 140, chroot: 51, acct: 89, mount: 40, umount2: 39,
      swapon: 224, reboot: 142, init_module: 105, delete_module: 106, quotactl: 60, tkill: 130, sched_setaffinity: 122, tgkill: 131, kexec_load: 104,
      add_key: 217, request_key: 218, keyctl: 219, unshare: 97, perf_event_open: 241, fanotify_init: 262, prlimit64: 261, name_to_handle_at: 264, open_by_handle_at: 265,
      setns: 268, process_vm_readv: 270, process_vm_writev: 271, kcmp: 272, finit_module: 273, bpf: 280, execveat: 281, userfaultfd: 282, sched_setattr: 274, ioprio_set: 30, setxattr: 5, lsetxattr: 6, fsetxattr: 7, rt_sigqueueinfo: 138, rt_tgsigqueueinfo: 240, pivot_root: 41,
    },
  },
};

/** Refused to every process of the sandbox: doors to the kernel and to other namespaces. */
// biome-ignore format: a table
const EVERYONE = [
  'ptrace', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'kcmp', 'pidfd_getfd', 'mount', 'umount2', 'mount_setattr', 'move_mount', 'open_tree', 'fsopen', 'fsconfig', 'fsmount', 'fspick',
  'pivot_root', 'chroot', 'unshare', 'setns', 'bpf', 'perf_event_open', 'userfaultfd', 'keyctl', 'add_key', 'request_key', 'io_uring_setup', 'io_uring_enter', 'io_uring_register',
  'init_module', 'finit_module', 'delete_module', 'kexec_load', 'reboot', 'swapon', 'acct', 'quotactl', 'syslog', 'name_to_handle_at', 'open_by_handle_at', 'fanotify_init', 'personality', 'socket',
] as const;

/** Refused to the candidate besides: new processes, other programs, signals to its judge, places in the schedule, what stays on /tmp itself (access lists). */
// biome-ignore format: a table
const CANDIDATE = [
  ...EVERYONE, 'fork', 'vfork', 'execve', 'execveat', 'kill', 'tkill', 'tgkill', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo', 'pidfd_open', 'pidfd_send_signal', 'setsid', 'setpgid',
  'sched_setparam', 'sched_setscheduler', 'sched_setattr', 'sched_setaffinity', 'setpriority', 'ioprio_set', 'setxattr', 'lsetxattr', 'fsetxattr', 'setxattrat', 'semget', 'msgget', 'shmget', 'mq_open',
] as const;

/** Whom a file's SIGIO, or a signal of choice in its place, goes to: kill(2) by another name. */
const OWNER_COMMANDS = { fcntl: [8, 10, 15], ioctl: [0x8901, 0x8902] };

type Instruction = readonly [code: number, yes: number, no: number, value: number];

/** The filters for the whole sandbox and for the candidate; undefined on a processor that the tables do not know. */
export function seccompFilters(
  arch: string = process.arch,
): { readonly everyone: Buffer; readonly candidate: Buffer } | undefined {
  const known = ARCHES[arch];
  if (known === undefined) return undefined;
  const numbers = known.numbers;
  const cloneRules = (allowed: readonly Instruction[]): Instruction[] => [
    [EQUAL, 0, allowed.length, numbers.clone ?? 0],
    ...allowed,
  ];
  const noNamespaces = cloneRules([
    [LOAD, 0, 0, FIRST_ARGUMENT],
    [ANY_BIT, 0, 1, NEW_NAMESPACES],
    [RETURN, 0, 0, EPERM],
    [RETURN, 0, 0, ALLOW],
  ]);
  const threadsOnly = cloneRules([
    [LOAD, 0, 0, FIRST_ARGUMENT],
    [ANY_BIT, 1, 0, NEW_NAMESPACES],
    [ANY_BIT, 1, 0, CLONE_THREAD],
    [RETURN, 0, 0, EPERM],
    [RETURN, 0, 0, ALLOW],
  ]);
  const ownLimits: Instruction[] = [
    [EQUAL, 0, 4, numbers.prlimit64 ?? 0],
    [LOAD, 0, 0, FIRST_ARGUMENT],
    [EQUAL, 1, 0, 0],
    [RETURN, 0, 0, EPERM],
    [RETURN, 0, 0, ALLOW],
  ];
  const noOwners = Object.entries(OWNER_COMMANDS).flatMap(([name, commands]): Instruction[] => [
    [EQUAL, 0, commands.length + 3, numbers[name] ?? 0],
    [LOAD, 0, 0, SECOND_ARGUMENT],
    ...commands.map((command, i): Instruction => [EQUAL, commands.length - i, 0, command]),
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, EPERM],
  ]);
  return {
    everyone: assemble(known, [...noNamespaces, ...refuse(known, EVERYONE)]),
    candidate: assemble(known, [...threadsOnly, ...ownLimits, ...noOwners, ...refuse(known, CANDIDATE)]),
  };
}

/** The last rules: every call ends here, refused when it is one of the names. */
const refuse = (arch: Arch, names: readonly string[]): Instruction[] =>
  search(names.flatMap((name) => arch.numbers[name] ?? []).toSorted((a, b) => a - b));

/** A binary search: the kernel walks the rules for each of its calls whenever a process takes a filter. */
function search(numbers: readonly number[]): Instruction[] {
  if (numbers.length <= 4)
    return [
      ...numbers.map((number, i): Instruction => [EQUAL, numbers.length - i, 0, number]),
      [RETURN, 0, 0, ALLOW],
      [RETURN, 0, 0, EPERM],
    ];
  const middle = numbers.length >> 1;
  const below = search(numbers.slice(0, middle));
  return [[AT_LEAST, below.length, 0, numbers[middle] as number], ...below, ...search(numbers.slice(middle))];
}

function assemble(arch: Arch, rules: readonly Instruction[]): Buffer {
  const program: readonly Instruction[] = [
    [LOAD, 0, 0, ARCH],
    [EQUAL, 1, 0, arch.audit],
    [RETURN, 0, 0, KILL],
    [LOAD, 0, 0, NUMBER],
    ...(arch.foreign === undefined
      ? []
      : ([
          [AT_LEAST, 0, 1, arch.foreign],
          [RETURN, 0, 0, ENOSYS],
        ] as Instruction[])),
    [EQUAL, 0, 1, arch.numbers.clone3 ?? 0],
    [RETURN, 0, 0, ENOSYS],
    ...rules,
  ];
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, yes, no, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(yes, index * 8 + 2);
    bytes.writeUInt8(no, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  });
  return bytes;
}
