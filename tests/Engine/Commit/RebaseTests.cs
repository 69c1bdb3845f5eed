using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>
/// Transactions under a lost swap end as if the rival had come first: same rows, same answers, same errors.
/// Each runs as a batch and as a closure.
/// </summary>
public sealed class RebaseTests
{
    private const string Accounts = "CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)";
    private const string Joint = "INSERT INTO account VALUES (1, 60), (2, 60)";

    [Theory, CombinatorialBool]
    public async Task Two_withdrawals_from_a_joint_balance_do_not_both_pass(bool closure)
    {
        var end = await LostRace.RunAsync(
            [Accounts, Joint],
            [Withdraw(1)],
            [Withdraw(2), "SELECT sum(balance) FROM account"],
            closure);
        Assert.Contains("20", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task A_row_that_is_inserted_if_there_is_none_is_not_inserted_twice(bool closure)
    {
        const string insert = "INSERT INTO t(v) SELECT 'only' WHERE NOT EXISTS (SELECT 1 FROM t)";
        var end = await LostRace.RunAsync(["CREATE TABLE t(v)"], [insert], [insert], closure);
        Assert.EndsWith("t:\n1|only", end.Dump);
    }

    [Theory, CombinatorialBool]
    public async Task Implicit_rowids_do_not_collide_and_the_caller_hears_the_one_that_was_committed(bool closure)
    {
        var end = await LostRace.RunAsync(
            ["CREATE TABLE t(v)"],
            ["INSERT INTO t VALUES ('rival')"],
            ["INSERT INTO t VALUES ('mine') RETURNING rowid", "SELECT last_insert_rowid()"],
            closure);
        Assert.Contains("2", end.Told);
        Assert.EndsWith("t:\n1|rival\n2|mine", end.Dump);
    }

    [Theory, CombinatorialBool]
    public async Task Autoincrement_ids_do_not_collide_and_the_sequence_is_whole(bool closure)
    {
        var end = await LostRace.RunAsync(
            ["CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v)", "INSERT INTO t(v) VALUES ('first')", "DELETE FROM t"],
            ["INSERT INTO t(v) VALUES ('rival')", "INSERT INTO t(v) VALUES ('rival')", "DELETE FROM t WHERE id = 3"],
            ["INSERT INTO t(v) VALUES ('mine') RETURNING id", "SELECT seq FROM sqlite_sequence"],
            closure);
        Assert.Contains("4", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task Counters_count_both(bool closure)
    {
        const string count = "UPDATE account SET balance = balance + 1 WHERE id = 1 RETURNING balance";
        var end = await LostRace.RunAsync([Accounts, Joint], [count], [count], closure);
        Assert.Contains("62", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task What_a_statement_read_is_what_was_there_when_it_was_committed(bool closure) => await LostRace.RunAsync(
        [Accounts, Joint],
        ["UPDATE account SET balance = 100 WHERE id = 1"],
        ["INSERT INTO account SELECT 3, sum(balance) FROM account", "SELECT * FROM account"],
        closure);

    [Theory, CombinatorialBool]
    public async Task Tables_without_a_primary_key_and_rows_with_NULL_in_one(bool closure) => await LostRace.RunAsync(
        ["CREATE TABLE bare(v)", "CREATE TABLE keyed(k TEXT PRIMARY KEY, v)", "INSERT INTO bare VALUES (1), (1)"],
        ["INSERT INTO bare VALUES (1)", "INSERT INTO keyed VALUES (NULL, 'rival')"],
        ["DELETE FROM bare WHERE rowid = 1", "INSERT INTO bare VALUES (1)", "INSERT INTO keyed VALUES (NULL, 'mine')", "SELECT rowid, * FROM keyed"],
        closure);

    [Theory, CombinatorialBool]
    public async Task Full_text_tables(bool closure) => await LostRace.RunAsync(
        ["CREATE VIRTUAL TABLE note USING fts5(body)", "INSERT INTO note VALUES ('a common start')"],
        ["INSERT INTO note VALUES ('the rival writes common words')", "DELETE FROM note WHERE rowid = 1"],
        ["INSERT INTO note VALUES ('my own common words')", "SELECT rowid, body FROM note WHERE note MATCH 'common' ORDER BY rowid"],
        closure);

    [Theory, CombinatorialBool]
    public async Task Numbers_of_changes_are_those_of_the_run_that_counted(bool closure) => await LostRace.RunAsync(
        ["CREATE TABLE t(v)", "INSERT INTO t VALUES (1), (2)"],
        ["INSERT INTO t VALUES (3), (4), (5)"],
        ["UPDATE t SET v = v + 10", "SELECT changes()", "CREATE TABLE log(n)", "INSERT INTO log SELECT changes()", "DELETE FROM t WHERE v > 12"],
        closure);

    [Theory, CombinatorialBool]
    public async Task A_batch_that_only_reads_tells_what_is_there_in_the_end(bool closure)
    {
        var end = await LostRace.RunAsync([Accounts, Joint], ["DELETE FROM account WHERE id = 2"], ["SELECT sum(balance) FROM account"], closure);
        Assert.Contains("60", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task A_write_that_has_nothing_to_do_any_more_changes_nothing(bool closure)
    {
        var end = await LostRace.RunAsync([Accounts, Joint], ["DELETE FROM account"], ["UPDATE account SET balance = 0", "SELECT changes()"], closure);
        Assert.StartsWith("version 2", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task A_write_that_had_nothing_to_do_at_first_does_it(bool closure)
    {
        var end = await LostRace.RunAsync([Accounts], [Joint], ["UPDATE account SET balance = 0 RETURNING id"], closure);
        Assert.StartsWith("version 3", end.Told);
    }

    private static string Withdraw(int account) =>
        $"UPDATE account SET balance = balance - 100 WHERE id = {account} AND (SELECT sum(balance) FROM account) >= 100";
}
