namespace OrleansSqlite.Server.Hrana;

/// <summary>What became of a step.</summary>
internal enum StepOutcome
{
    Skipped,
    Ok,
    Failed,
}

/// <summary>Conditions of steps.</summary>
internal static class BatchConditions
{
    public static bool Holds(BatchCondition condition, ReadOnlySpan<StepOutcome> steps, Func<bool> isAutocommit)
    {
        switch (condition)
        {
            case BatchCondition.Ok ok:
                return Outcome(steps, ok.Step) == StepOutcome.Ok;
            case BatchCondition.Failed failed:
                return Outcome(steps, failed.Step) == StepOutcome.Failed;
            case BatchCondition.Not not:
                return !Holds(not.Inner, steps, isAutocommit);
            case BatchCondition.And and:
                foreach (var one in and.All)
                {
                    if (!Holds(one, steps, isAutocommit))
                    {
                        return false;
                    }
                }

                return true;
            case BatchCondition.Or or:
                foreach (var one in or.Any)
                {
                    if (Holds(one, steps, isAutocommit))
                    {
                        return true;
                    }
                }

                return false;
            default:
                return isAutocommit();
        }
    }

    /// <summary>Whether a batch begins a transaction at once and commits nothing before or after it: a BEGIN first, one COMMIT, and only a
    /// ROLLBACK behind that.</summary>
    public static bool IsTransaction(IReadOnlyList<BatchStep> steps, StoredSql sql)
    {
        if (steps[0].Condition is not null || !Is(steps[0], "BEGIN"))
        {
            return false;
        }

        int commits = 0;
        for (int i = 1; i < steps.Count; i++)
        {
            bool ends = Is(steps[i], "COMMIT") || Is(steps[i], "END");
            commits += ends ? 1 : 0;
            if (Is(steps[i], "BEGIN") || commits > 1 || (commits == 1 && !ends && !Is(steps[i], "ROLLBACK")))
            {
                return false;
            }
        }

        return commits == 1;

        bool Is(BatchStep step, string word) =>
            Transactions.SqlText.Starts(Transactions.SqlText.SkipBlanks(sql.Text(step.Statement.Sql)), word);
    }

    private static StepOutcome Outcome(ReadOnlySpan<StepOutcome> steps, int step) => step >= 0 && step < steps.Length
        ? steps[step]
        : throw HranaException.Malformed($"A condition names the step {step}, which does not come before its own.");
}
