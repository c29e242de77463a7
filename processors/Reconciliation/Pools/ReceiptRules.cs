using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Processors.Records;
using Alloc.Schemas.Effects;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>What a receipt must be.</summary>
internal static class ReceiptRules
{
    /// <summary>The sequence of the outcome that it is for.</summary>
    /// <exception cref="BadRecordException">It is no receipt.</exception>
    public static long Check(string? key, EffectReceipt receipt)
    {
        // A service may make it of its own name and the outcome's.
        RecordRules.CheckId("receiptId", receipt.ReceiptId, TextBounds.CompoundId);
        RecordRules.CheckId("service", receipt.Service, TextBounds.Name);
        RecordRules.CheckId("outcomeId", receipt.OutcomeId, TextBounds.OutcomeId);
        var hash = receipt.OutcomeId.LastIndexOf('#');
        if (hash < 1 || !long.TryParse(
            receipt.OutcomeId.AsSpan(hash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
        {
            throw new BadRecordException(
                $"outcomeId '{ShownText.Short(receipt.OutcomeId)}' is not <poolId>#<sequence>");
        }
        if (key is null || receipt.OutcomeId.AsSpan(0, hash) is var pool && !pool.SequenceEqual(key))
        {
            throw new BadRecordException(
                $"its key is '{ShownText.Short(key ?? "")}', and outcome '{ShownText.Short(receipt.OutcomeId)}' is "
                + "of another pool");
        }
        return receipt.Result is EffectResult.Applied or EffectResult.Skipped or EffectResult.Failed
            ? sequence
            : throw new BadRecordException("its result is none of Applied, Skipped and Failed");
    }
}
