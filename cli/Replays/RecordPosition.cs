using System.Globalization;

namespace Alloc.Cli.Replays;

/// <summary>Where a record stands, written <c>topic-partition@offset</c>.</summary>
/// <param name="Topic">Its topic, with the prefix.</param>
/// <param name="Partition">Its partition, from 0.</param>
/// <param name="Offset">Its offset, from 0.</param>
internal readonly record struct RecordPosition(string Topic, int Partition, long Offset)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Topic}-{Partition}@{Offset}");
}
