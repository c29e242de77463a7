using System.Buffers.Binary;

namespace Alloc.Broker.Protocol;

/// <summary>The one record of a control batch that ends a transaction (KIP-98).</summary>
internal readonly record struct EndMarker(bool IsCommit, int CoordinatorEpoch)
{
    private const short Abort = 0;
    private const short Commit = 1;

    /// <summary>Reads a control batch; null if it is of another kind.</summary>
    public static EndMarker? Read(RecordBatch batch)
    {
        var cursor = new RecordCursor(batch.Records);
        if (!cursor.MoveNext() || cursor.Key.Length < 4 || cursor.Value.Length < 6)
        {
            return null;
        }
        var type = BinaryPrimitives.ReadInt16BigEndian(cursor.Key[2..]);
        return type is Abort or Commit
            ? new EndMarker(type == Commit, BinaryPrimitives.ReadInt32BigEndian(cursor.Value[2..]))
            : null;
    }
}
