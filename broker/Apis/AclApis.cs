using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>What the three APIs of access lists share: this broker keeps none, and says so as a Kafka without an
/// authorizer does.</summary>
internal static class AccessLists
{
    public const string NoAuthorizer = "No Authorizer is configured.";

    /// <summary>Skips an access list's entry, or a filter for them: both have the same fields.</summary>
    public static void SkipEntry(ref KafkaReader reader)
    {
        reader.ReadInt8();
        reader.ReadNullableString();
        reader.ReadInt8();
        reader.ReadNullableString();
        reader.ReadNullableString();
        reader.ReadInt8();
        reader.ReadInt8();
    }

    /// <summary>Skips an array of them, and answers how many there were.</summary>
    public static int SkipEntries(ref KafkaReader reader)
    {
        var count = reader.ReadArrayLength(7);
        for (var index = 0; index < count; index++)
        {
            SkipEntry(ref reader);
            reader.SkipTags();
        }
        return count;
    }
}

/// <summary>DescribeAcls (29), 1–3: SECURITY_DISABLED.</summary>
internal sealed class DescribeAclsApi : Api<DescribeAclsApi.Request>
{
    protected override Request Read(ref KafkaReader reader)
    {
        AccessLists.SkipEntry(ref reader);
        return new Request();
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response(ErrorCode.SecurityDisabled));

    protected override IResponse Refuse(Request request, ErrorCode error) => new Response(error);

    internal sealed record Request;

    private sealed record Response(ErrorCode Error) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            writer.WriteError(Error);
            writer.WriteNullableString(AccessLists.NoAuthorizer);
            writer.WriteArrayLength(0);
            writer.WriteTags();
        }
    }
}

/// <summary>CreateAcls (30), 1–3: SECURITY_DISABLED for each.</summary>
internal sealed class CreateAclsApi() : ChangeAclsApi(listsMatches: false);

/// <summary>DeleteAcls (31), 1–3: SECURITY_DISABLED for each filter.</summary>
internal sealed class DeleteAclsApi() : ChangeAclsApi(listsMatches: true);

/// <summary>Refuses each of what it was sent; the answers of the two differ in one field.</summary>
/// <param name="listsMatches">Whether each answer lists what it matched: nothing.</param>
internal abstract class ChangeAclsApi(bool listsMatches) : Api<ChangeAclsApi.Request>
{
    protected override Request Read(ref KafkaReader reader) => new(AccessLists.SkipEntries(ref reader));

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(Refuse(request, ErrorCode.SecurityDisabled));

    protected override IResponse Refuse(Request request, ErrorCode error) =>
        new Response(request.Count, error, listsMatches);

    internal sealed record Request(int Count);

    private sealed record Response(int Count, ErrorCode Error, bool ListsMatches) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            writer.WriteArrayLength(Count);
            for (var index = 0; index < Count; index++)
            {
                writer.WriteError(Error);
                writer.WriteNullableString(AccessLists.NoAuthorizer);
                if (ListsMatches)
                {
                    writer.WriteArrayLength(0);
                }
                writer.WriteTags();
            }
            writer.WriteTags();
        }
    }
}
