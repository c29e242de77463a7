using System.Security.Cryptography;
using System.Text;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Runtime;

/// <summary>
/// How far a connection has come in proving who it is. SASL/PLAIN (RFC 4616) over SaslHandshake and SaslAuthenticate;
/// without configured credentials everybody is admitted.
/// </summary>
internal sealed class Authentication(IReadOnlyDictionary<string, string> credentials)
{
    /// <summary>The one mechanism.</summary>
    public const string Mechanism = "PLAIN";

    private bool isAuthenticated = credentials.Count == 0;

    /// <summary>Whether credentials are asked for at all.</summary>
    public bool IsRequired => credentials.Count > 0;

    /// <summary>Whether a request may be handled now.</summary>
    public bool Admits(ApiKey key) =>
        isAuthenticated || key is ApiKey.ApiVersions or ApiKey.SaslHandshake or ApiKey.SaslAuthenticate;

    /// <summary>Whether a mechanism was agreed on.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether the next frame is a token without a request header, as after SaslHandshake 0.</summary>
    public bool ExpectsBareToken { get; private set; }

    /// <summary>Takes note that the mechanism was agreed on.</summary>
    public void Begin(bool expectsBareToken)
    {
        HasBegun = true;
        ExpectsBareToken = expectsBareToken;
    }

    /// <summary>Takes the client's one message: <c>[authzid] NUL authcid NUL password</c>. False refuses it.</summary>
    public bool Authenticate(ReadOnlySpan<byte> message)
    {
        ExpectsBareToken = false;
        var text = Encoding.UTF8.GetString(message).Split('\0');
        if (text.Length != 3 || (text[0].Length > 0 && text[0] != text[1]))
        {
            return false;
        }
        var isKnown = credentials.TryGetValue(text[1], out var password);
        var isEqual = CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(text[2])), SHA256.HashData(Encoding.UTF8.GetBytes(password ?? "")));
        return isAuthenticated = isKnown && isEqual;
    }
}
