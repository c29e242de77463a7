using System.Text.Json.Nodes;
using Alloc.Web.Reads;
using Microsoft.AspNetCore.Http;

namespace Alloc.Web.Endpoints;

/// <summary>Answers about a pool from the instance that has its ledger, whichever was asked.</summary>
internal sealed class LedgerAnswers(LedgerDirectory directory, Peers peers)
{
    /// <summary>Answers with what is read, 404 with <paramref name="nothing"/> where that is null.</summary>
    public Task AnswerAsync(
        HttpContext context, string poolId, Func<ILedgerReads, JsonObject?> read, string nothing)
    {
        var partition = directory.PartitionOf(poolId);
        return OwnerAnswers.AnswerAsync(context, peers, partition, new Reads(directory, partition, read), nothing);
    }

    private sealed class Reads(LedgerDirectory directory, int partition, Func<ILedgerReads, JsonObject?> read)
        : IOwnedReads
    {
        public IPartitionOwners Owners => directory.Owners;

        public bool TryRead(out JsonObject? found) => directory.TryRead(partition, read, out found);

        public bool TryReadLast(out JsonObject? found, out TimeSpan age) =>
            directory.TryReadLast(partition, read, out found, out age);
    }
}
