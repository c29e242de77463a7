namespace Alloc.Schemas.Avro;

/// <summary>
/// Reads what one schema wrote as another (specification 1.11, "Schema Resolution"). Made once for a pair of schemas:
/// it rewrites a writer's bytes into the reader's encoding, which generated code then reads on its only, direct path. A
/// pair that encodes alike is not rewritten at all. Immutable and thread-safe.
/// </summary>
public sealed class AvroResolver
{
    [ThreadStatic]
    private static AvroWriter? threadScratch;

    private readonly ResolutionStep root;

    private AvroResolver(ResolutionStep root, bool isIdentity)
    {
        this.root = root;
        IsIdentity = isIdentity;
    }

    /// <summary>Whether both schemas encode alike, so that nothing has to be rewritten.</summary>
    public bool IsIdentity { get; }

    /// <exception cref="AvroException">Nothing that the writer's schema writes can be read as the reader's.</exception>
    public static AvroResolver Create(AvroSchema writer, AvroSchema reader)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(reader);
        var builder = new ResolutionBuilder();
        var root = builder.Resolve(writer, reader);
        if (root is FailStep fail)
        {
            throw new AvroException($"The writer's schema does not fit the reader's: {fail.Reason}.");
        }
        var isIdentity = !builder.HasFailures
            && string.Equals(writer.CanonicalForm, reader.CanonicalForm, StringComparison.Ordinal);
        return new AvroResolver(root, isIdentity);
    }

    /// <summary>Rewrites one value of the writer's schema into the reader's encoding.</summary>
    /// <exception cref="AvroException">The bytes are malformed, or the value has no counterpart in the reader's
    /// schema.</exception>
    public void Rewrite(ref AvroReader input, AvroWriter output) => root.Run(ref input, output);

    /// <summary>Reads one value that fills the span.</summary>
    /// <exception cref="AvroException">The bytes are malformed, or the value has no counterpart in the reader's
    /// schema.</exception>
    public T Read<T>(ReadOnlySpan<byte> bytes)
        where T : class, IAvroRecord<T>
    {
        var input = new AvroReader(bytes);
        if (IsIdentity)
        {
            var value = T.Read(ref input);
            input.EnsureEnd();
            return value;
        }

        var scratch = threadScratch ??= new AvroWriter();
        scratch.Clear();
        Rewrite(ref input, scratch);
        input.EnsureEnd();
        var rewritten = new AvroReader(scratch.WrittenSpan);
        return T.Read(ref rewritten);
    }
}
