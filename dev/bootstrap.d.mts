export declare const projectRoot: string;
export declare function nodeVersionProblem(version: string): string | undefined;
interface LockFile {
  packages: Record<
    string,
    { version?: string; integrity?: string; optional?: boolean; devOptional?: boolean; link?: boolean }
  >;
}
export declare function isInstalled(wanted: LockFile, installed: Partial<LockFile>): boolean;
export declare function prepare(): Promise<void>;
export declare function runTypeScript(entry: string, args: string[]): Promise<void>;
