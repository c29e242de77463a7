using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>DeleteTopics (20), 0–5. Done when it is answered.</summary>
internal sealed class DeleteTopicsApi : Api<DeleteTopicsApi.Request>
{
    protected override Request Read(ref KafkaReader reader)
    {
        var topics = reader.ReadStringArray();
        reader.ReadInt32();
        return new Request(topics);
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var response = new Response([.. request.Topics.Distinct(StringComparer.Ordinal)
            .Select(name => (name, Delete(name, broker)))]);
        broker.Topics.WhenDurable(broker.Durability, () => exchange.Answer(response));
    }

    protected override IResponse? Refuse(Request request, ErrorCode error) =>
        new Response([.. request.Topics.Select(name => (name, error))]);

    private static ErrorCode Delete(string name, BrokerCore broker)
    {
        if (broker.Topics.Find(name) is not { } topic)
        {
            return ErrorCode.UnknownTopicOrPartition;
        }
        try
        {
            broker.Topics.Delete(topic);
            Log.TopicDeleted(broker.Logger, name);
            return ErrorCode.None;
        }
        catch (StorageException exception)
        {
            broker.Refusals.Report(exception);
            return ErrorCode.KafkaStorageError;
        }
    }

    private static string? Message(ErrorCode error) => error switch
    {
        ErrorCode.None => null,
        ErrorCode.UnknownTopicOrPartition => "This server does not host this topic-partition.",
        _ => "The topic could not be removed.",
    };

    internal sealed record Request(string[] Topics);

    private sealed record Response((string Name, ErrorCode Error)[] Topics) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            if (writer.Version >= 1)
            {
                writer.WriteInt32(0);
            }
            writer.WriteArrayLength(Topics.Length);
            foreach (var (name, error) in Topics)
            {
                writer.WriteString(name);
                writer.WriteError(error);
                if (writer.Version >= 5)
                {
                    writer.WriteNullableString(Message(error));
                }
                writer.WriteTags();
            }
            writer.WriteTags();
        }
    }
}
