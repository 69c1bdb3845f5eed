using OrleansSqlite.Commit;
using OrleansSqlite.Transfer;

namespace OrleansSqlite.Verification;

/// <summary>Writes what can be read of a damaged version to a file, for recovery by hand. Pages that are lost are zeroes.</summary>
internal sealed class Salvage(DatabaseContext reading, EngineThreads threads)
{
    /// <summary>Salvages.</summary>
    public async Task<SalvageReport> RunAsync(string file, bool overwrite, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        string target = Path.GetFullPath(file);
        if (Directory.Exists(target) || (!overwrite && File.Exists(target)))
        {
            throw Bad(file, "there is one of that name already; overwrite it explicitly or choose another name");
        }

        var survey = await new Verifier(reading, threads, progress).RunAsync(null, false, cancellation).ConfigureAwait(false);
        if (survey.Verified is not { } head)
        {
            throw Format.Corruption.Damaged(reading.Keys.Head, $"{survey.Report.Findings[0].What}, and nothing is left from which a page could be read");
        }

        var pages = new VersionPages(reading, head, [.. head.Segments.Select(entry => survey.Segments.GetValueOrDefault(reading.Keys.Segment(entry)))]);
        try
        {
            var lost = await WriteAsync(pages, target, progress, cancellation).ConfigureAwait(false);
            string[] tables = [.. survey.Report.Findings.SelectMany(finding => finding.Tables).Distinct().Order(StringComparer.Ordinal)];
            return new SalvageReport(head.Version, (long)pages.PageCount * pages.PageBytes, Findings.Joined(lost), tables);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw Bad(file, e.Message.TrimEnd('.'), e);
        }
    }

    private async Task<List<PageRange>> WriteAsync(VersionPages pages, string target, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        string part = $"{target}.{reading.Entropy.NextGuid():N}.part";
        List<PageRange> lost = [];
        try
        {
            var stream = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
            await using (stream.ConfigureAwait(false))
            {
                byte[] zeroes = new byte[pages.PageBytes];
                for (ulong page = 1; page <= pages.PageCount; page++)
                {
                    var image = await pages.TryReadAsync((uint)page, cancellation).ConfigureAwait(false);
                    await stream.WriteAsync(image ?? zeroes, cancellation).ConfigureAwait(false);
                    if (image is null)
                    {
                        lost.Add(new PageRange((uint)page, (uint)page));
                    }

                    if (page % 256 == 0)
                    {
                        progress?.Report(new((long)page * pages.PageBytes, (long)pages.PageCount * pages.PageBytes, "write"));
                    }
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(part, target, overwrite: true);
            return lost;
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static DatabaseException Bad(string file, string why, Exception? inner = null) =>
        new(ErrorKind.Invalid, ErrorCodes.BadFile, $"The file '{file}' can't be written: {why}.", inner);
}
