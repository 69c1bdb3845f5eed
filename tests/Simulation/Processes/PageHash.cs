using System.Security.Cryptography;
using OrleansSqlite.Pages;

namespace OrleansSqlite.Simulation.Processes;

/// <summary>The bytes of a whole database, as a hash.</summary>
internal static class PageHash
{
    public static string Of(Snapshot snapshot)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] image = new byte[snapshot.PageBytes];
        for (uint page = 1; page <= snapshot.PageCount; page++)
        {
            snapshot.Copy(page, image);
            hash.AppendData(image);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset()[..8]);
    }
}
