/**
 * A datastore file as a backend: transactions on one connection, and one watcher that feeds all watches of the process.
 */
import type { StatementSync } from 'node:sqlite';
import type { DatastoreError } from '../datastore.ts';
import type { Backend, Tables } from '../local/backend.ts';
import { ChangeFeed } from '../local/change-feed.ts';
import { CommitWatcher } from './commit-watcher.ts';
import { inodeAt, type OpenFile } from './open-file.ts';
import { fileError, isBusy, toDatastoreError } from './sqlite-error.ts';
import { SqliteTables } from './sqlite-tables.ts';
import { retryWhileBusy } from './while-busy.ts';

/** The `Backend` over an open datastore file, which it owns from here on. */
export class SqliteBackend implements Backend {
  readonly title: string;
  readonly feed: ChangeFeed = new ChangeFeed();
  readonly #file: OpenFile;
  readonly #tables: SqliteTables;
  readonly #sql: TransactionStatements;
  #watcher: CommitWatcher | undefined;
  #feedHolders = 0;

  constructor(file: OpenFile, historyChanges: number) {
    this.title = `the datastore file ${file.path}`;
    this.#file = file;
    this.#tables = new SqliteTables(file.database, historyChanges);
    this.#sql = prepareTransactions(file);
  }

  read<T>(work: (tables: Tables) => T): Promise<T> {
    return this.#guard(() => this.#transact('begin', work));
  }

  async write<T>(work: (tables: Tables) => T): Promise<T> {
    const result = await this.#guard(() => this.#transact('beginImmediate', work));
    if (this.#watcher) this.#announceNews();
    return result;
  }

  keepFeedCurrent(): Disposable {
    this.#feedHolders++;
    if (this.#feedHolders === 1) this.#startFeed();
    return { [Symbol.dispose]: () => this.#releaseFeed() };
  }

  close(): void {
    if (!this.#file.database.isOpen) return;
    this.#stopFeed();
    this.#file.database.close();
    this.feed.end(this.#closedError());
  }

  async #guard<T>(work: () => T): Promise<T> {
    try {
      return await retryWhileBusy(work);
    } catch (error) {
      throw toDatastoreError(error, this.#file.path);
    }
  }

  #transact<T>(begin: 'begin' | 'beginImmediate', work: (tables: Tables) => T): T {
    this.#assertUsable();
    this.#sql[begin].run();
    try {
      const result = work(this.#tables);
      this.#sql.commit.run();
      return result;
    } catch (error) {
      // SQLite has already rolled back by itself when the disk is full or fails.
      if (this.#file.database.isTransaction) this.#sql.rollback.run();
      throw error;
    }
  }

  /** SQLite would go on writing into a file that nobody can reach any more, without a word. */
  #assertUsable(): void {
    const { path, inode, database } = this.#file;
    if (!database.isOpen) throw this.#closedError();
    if (inodeAt(path) === inode) return;
    throw fileError(
      'unavailable',
      path,
      'it was removed or replaced while in use',
      'Restart the weft programs that use it',
    );
  }

  #startFeed(): void {
    this.#watcher = new CommitWatcher(`${this.#file.path}-wal`, () => this.#announceNews());
    this.#look(() => this.feed.advance(this.#tables.head(), new Set()));
  }

  #releaseFeed(): void {
    this.#feedHolders--;
    if (this.#feedHolders === 0) this.#stopFeed();
  }

  #stopFeed(): void {
    this.#watcher?.[Symbol.dispose]();
    this.#watcher = undefined;
  }

  /** One question serves all watches. */
  #announceNews(): boolean {
    const before = this.feed.revision;
    this.#look(() => {
      const { head, kinds } = this.#tables.newsAfter(before);
      if (kinds.size > 0) this.feed.advance(head, kinds);
    });
    return this.feed.revision > before;
  }

  /** A failure goes to the watches that wait; the others meet it when they read. */
  #look(work: () => void): void {
    try {
      this.#assertUsable();
      work();
    } catch (error) {
      if (!isBusy(error)) this.feed.fail(toDatastoreError(error, this.#file.path));
    }
  }

  #closedError(): DatastoreError {
    return fileError('closed', this.#file.path, 'this store was closed', 'Open it again');
  }
}

type TransactionStatements = Readonly<
  Record<'begin' | 'beginImmediate' | 'commit' | 'rollback', StatementSync>
>;

function prepareTransactions({ database }: OpenFile): TransactionStatements {
  return {
    begin: database.prepare('BEGIN'),
    beginImmediate: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
  };
}
