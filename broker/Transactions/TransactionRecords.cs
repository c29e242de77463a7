using System.Collections.Immutable;
using Alloc.Broker.Coordination;

namespace Alloc.Broker.Transactions;

/// <summary>How transactional ids are written to the coordinators' journal and read back.</summary>
internal static class TransactionRecords
{
    public static void Write(RecordWriter writer, Transaction transaction)
    {
        writer.Start(JournalRecordKind.Transaction).String(transaction.TransactionalId).Int64(transaction.ProducerId)
            .Int16(transaction.Epoch).Int64(transaction.PreviousProducerId).Int16(transaction.PreviousEpoch)
            .Int32(transaction.TimeoutMs).Byte((byte)transaction.State).Int64(transaction.StartedAtMs)
            .Int64(transaction.UpdatedAtMs);
        writer.Int32(transaction.Partitions.Count);
        foreach (var (topic, partition) in transaction.Partitions)
        {
            writer.String(topic).Int32(partition);
        }

        writer.Int32(transaction.Groups.Count);
        foreach (var group in transaction.Groups)
        {
            writer.String(group);
        }

        if (transaction.Decision is not { } decision)
        {
            writer.Byte(0);
            return;
        }

        writer.Byte(1).Int64(decision.ProducerId).Int16(decision.Epoch).Byte(decision.IsCommit ? (byte)1 : (byte)0)
            .Int32(decision.Partitions.Length);
        foreach (var ((topic, partition), endOffset) in decision.Partitions)
        {
            writer.String(topic).Int32(partition).Int64(endOffset);
        }
    }

    public static Transaction Read(ref RecordReader reader)
    {
        var transaction = new Transaction
        {
            TransactionalId = reader.String(),
            ProducerId = reader.Int64(),
            Epoch = reader.Int16(),
            PreviousProducerId = reader.Int64(),
            PreviousEpoch = reader.Int16(),
            TimeoutMs = reader.Int32(),
            State = (TransactionState)reader.Byte(),
            StartedAtMs = reader.Int64(),
            UpdatedAtMs = reader.Int64(),
        };
        var partitions = ImmutableHashSet.CreateBuilder<TopicPartition>();
        for (var count = reader.Count(); count > 0; count--)
        {
            partitions.Add(new TopicPartition(reader.String(), reader.Int32()));
        }

        var groups = ImmutableHashSet.CreateBuilder<string>();
        for (var count = reader.Count(); count > 0; count--)
        {
            groups.Add(reader.String());
        }

        return transaction with
        {
            Partitions = partitions.ToImmutable(),
            Groups = groups.ToImmutable(),
            Decision = reader.Byte() == 0 ? null : ReadDecision(ref reader),
        };
    }

    private static Decision ReadDecision(ref RecordReader reader)
    {
        var producerId = reader.Int64();
        var epoch = reader.Int16();
        var isCommit = reader.Byte() != 0;
        var partitions = ImmutableArray.CreateBuilder<LogEnd>();
        for (var count = reader.Count(); count > 0; count--)
        {
            partitions.Add(new LogEnd(new TopicPartition(reader.String(), reader.Int32()), reader.Int64()));
        }

        return new Decision(producerId, epoch, isCommit, partitions.ToImmutable());
    }
}
