using System.Buffers.Text;
using System.Text.Json;

namespace Runner.Engine.Clusters;

/// <summary>As whom a pod speaks to the API server of its own cluster.</summary>
internal static class PodAccount
{
    private const string TokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token";

    /// <summary>Of the pod this process runs in; empty where there is no token, or it does not say.</summary>
    public static string OfThisPod()
    {
        try
        {
            return Of(File.ReadAllText(TokenFile));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Only a name to show: whether there is access at all, the connection tells.
            return "";
        }
    }

    /// <summary>
    /// Of a token as the kubelet mounts it: a JSON Web Token whose middle part holds <c>{"sub":"system:serviceaccount:csghub:runner",…}</c>. Its signature is
    /// not looked at: the name is shown, and nothing is granted for it.
    /// </summary>
    public static string Of(string token)
    {
        if (token.Trim().Split('.') is not [_, var claims, _])
        {
            return "";
        }

        try
        {
            using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(claims));
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("sub", out var subject) && subject is { ValueKind: JsonValueKind.String }
                ? subject.GetString()! : "";
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return "";
        }
    }
}
