using System.Runtime.InteropServices;

namespace Alloc.Broker.Apis;

/// <summary>
/// Makes a slice of a request's frame writable: the frame is the request's own copy, and a batch's offset and time are
/// set in it before it is stored.
/// </summary>
internal static class WritableFrame
{
    public static Span<byte> Of(ReadOnlyMemory<byte> slice) => MemoryOf(slice).Span;

    public static Memory<byte> MemoryOf(ReadOnlyMemory<byte> slice) => MemoryMarshal.AsMemory(slice);
}
