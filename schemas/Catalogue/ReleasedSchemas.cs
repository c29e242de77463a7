using System.Reflection;
using System.Text;
using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Catalogue;

/// <summary>
/// The versions of what stores keep that were released (<c>schemas/released/&lt;full name&gt;/v1.avsc</c> and so on):
/// a store has values of any of them.
/// </summary>
public static class ReleasedSchemas
{
    private static readonly Assembly Here = typeof(ReleasedSchemas).Assembly;

    /// <summary>All released versions of a record, in no order; none where it was never released.</summary>
    /// <param name="fullName">The record's full name, such as <c>alloc.reconciliation.KeptMismatch</c>.</param>
    public static IReadOnlyList<AvroSchema> Of(string fullName) =>
    [
        .. Here.GetManifestResourceNames()
            .Where(name => name.Replace('\\', '/').StartsWith($"released/{fullName}/", StringComparison.Ordinal))
            .Select(Read),
    ];

    private static AvroSchema Read(string resource)
    {
        using var reader = new StreamReader(Here.GetManifestResourceStream(resource)!, Encoding.UTF8);
        return AvroSchema.Parse(reader.ReadToEnd());
    }
}
