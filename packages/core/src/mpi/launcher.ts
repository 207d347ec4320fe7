/** What the program that started this process tells about the job, in environment variables. */

/** An MPI with libraries of its own; those of MPICH's relatives, such as Intel MPI, count as MPICH. */
export type Family = 'OpenMPI' | 'MPICH';

/** The place of a process in a job. */
export interface Launch {
  /** The program that started the processes. */
  readonly launcher: string;
  /** The number of this process, from 0. */
  readonly rank: number;
  /** Number of processes of the job; undefined if the launcher does not say it. */
  readonly size: number | undefined;
  /** Number of processes on this machine; undefined if the launcher does not say it. */
  readonly localSize: number | undefined;
  /** Whose launcher it is; null if it starts programs of both. */
  readonly family: Family | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The job that this process belongs to; null if it was started alone. */
export function findLaunch(env: Environment): Launch | null {
  const number = (name: string): number | undefined => {
    const value = Number(env[name] ?? '');
    return Number.isInteger(value) && value > 0 ? value : undefined;
  };
  if (env.OMPI_COMM_WORLD_RANK !== undefined)
    return {
      launcher: 'the mpirun of OpenMPI',
      rank: Number(env.OMPI_COMM_WORLD_RANK),
      size: number('OMPI_COMM_WORLD_SIZE'),
      localSize: number('OMPI_COMM_WORLD_LOCAL_SIZE'),
      family: 'OpenMPI',
    };
  const isSlurm = env.SLURM_STEP_ID !== undefined;
  const rank = env.PMIX_RANK ?? env.PMI_RANK;
  if (rank === undefined) return null;
  return {
    launcher: isSlurm ? 'srun' : 'mpiexec',
    rank: Number(rank),
    size: number('PMI_SIZE') ?? (isSlurm ? number('SLURM_STEP_NUM_TASKS') : undefined),
    localSize:
      number('MPI_LOCALNRANKS') ?? (isSlurm ? tasksPerNode(env.SLURM_STEP_TASKS_PER_NODE) : undefined),
    family: isSlurm || env.PMIX_RANK !== undefined ? null : 'MPICH',
  };
}

/** The largest number of tasks of a node, from a text such as `2(x3),1`. */
function tasksPerNode(text = ''): number | undefined {
  const counts = text.split(',').map((part) => Number.parseInt(part, 10));
  return counts.every((count) => count > 0) ? Math.max(...counts) : undefined;
}
