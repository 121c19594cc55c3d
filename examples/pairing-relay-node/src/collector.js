import { setFlagsFromString as f} from 'node:v8'; export function keepGarbageSmall(){ for (const x of '--no-concurrent-marking --heap-growing-percent=20'.split(' ')) f(x) }
