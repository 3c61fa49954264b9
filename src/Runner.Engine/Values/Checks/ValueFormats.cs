using System.Text.RegularExpressions;

namespace Runner.Engine.Values;

/// <summary>The forms that texts can have, and how each is said.</summary>
internal static partial class ValueFormats
{
    public static bool Fits(ValueFormat format, string text) => format switch
    {
        ValueFormat.Url => Url().IsMatch(text),
        ValueFormat.Host => text.Length <= 253 && Host().IsMatch(text),
        ValueFormat.HostPort => HostPort().IsMatch(text),
        ValueFormat.DnsLabel => text.Length <= 63 && Label().IsMatch(text),
        ValueFormat.DnsName => text.Length <= 253 && Host().IsMatch(text),
        ValueFormat.LabelKey => LabelKey().IsMatch(text),
        ValueFormat.Duration => Duration().IsMatch(text),
        ValueFormat.Endpoint => text == "auto" || Url().IsMatch(text) || HostPort().IsMatch(text),
        ValueFormat.Token => Token().IsMatch(text),
        ValueFormat.ClusterId => ClusterId().IsMatch(text),
        _ => true,
    };

    /// <summary>The pattern of a form for a JSON schema; null for any text.</summary>
    public static string? Pattern(ValueFormat format) => format switch
    {
        ValueFormat.Url => UrlPattern,
        ValueFormat.Host or ValueFormat.DnsName => HostPattern,
        ValueFormat.HostPort => HostPortPattern,
        ValueFormat.DnsLabel => LabelPattern,
        ValueFormat.LabelKey => LabelKeyPattern,
        ValueFormat.Duration => DurationPattern,
        ValueFormat.Endpoint => EndpointPattern,
        ValueFormat.Token => TokenPattern,
        ValueFormat.ClusterId => ClusterIdPattern,
        _ => null,
    };

    public static LocalText Remedy(ValueFormat format) => format switch
    {
        ValueFormat.Url => new("Write a URL that begins with http:// or https://.", "请写以 http:// 或 https:// 开头的 URL。"),
        ValueFormat.Host => new("Write a host's name, such as example.com, without http:// and without a port.", "请写主机名，例如 example.com，不带 http:// 和端口。"),
        ValueFormat.HostPort => new("Write a host, with a port where it needs one, such as registry.example.com:5000; without http:// and without a path.", "请写主机，需要时加端口，例如 registry.example.com:5000；不带 http:// 和路径。"),
        ValueFormat.DnsLabel => new("Use lower-case letters, digits and dashes, at most 63, with a letter or digit first and last.", "请使用小写字母、数字和短横线，最多 63 个字符，首尾为字母或数字。"),
        ValueFormat.DnsName => new("Use lower-case letters, digits, dashes and dots, with a letter or digit first and last.", "请使用小写字母、数字、短横线和点，首尾为字母或数字。"),
        ValueFormat.LabelKey => new("Write a label's key, such as nvidia.com/gpu.product.", "请写标签键，例如 nvidia.com/gpu.product。"),
        ValueFormat.Duration => new("Write a duration, such as 30s, 60m or 1h30m.", "请写时长，例如 30s、60m 或 1h30m。"),
        ValueFormat.Endpoint => new("Write a URL, or a host with its port.", "请写 URL，或主机和端口。"),
        ValueFormat.Token => new("Use letters, digits and . _ - + / = only: copy the token again, without spaces.", "只能使用字母、数字和 . _ - + / =：请重新复制令牌，不要带空格。"),
        _ => new("Use letters, digits, dots, dashes and underscores only.", "只能使用字母、数字、点、短横线和下划线。"),
    };

    private const string UrlPattern = @"^https?://[a-zA-Z0-9\[][a-zA-Z0-9._~:/?#@!$&()*+,;=%\[\]-]*$";
    private const string HostPattern = @"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$";
    private const string HostPortPattern = "^[a-zA-Z0-9][a-zA-Z0-9._-]*(:[0-9]{1,5})?$";
    private const string LabelPattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$";
    private const string LabelKeyPattern = "^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$";
    private const string DurationPattern = "^([0-9]+([.][0-9]+)?(ns|us|ms|s|m|h))+$";
    private const string EndpointPattern = @"^(auto|https?://[a-zA-Z0-9\[][a-zA-Z0-9._~:/?#@!$&()*+,;=%\[\]-]*|[a-zA-Z0-9][a-zA-Z0-9._-]*(:[0-9]{1,5})?)$";
    private const string TokenPattern = @"^[A-Za-z0-9._\-+/=]+$";
    private const string ClusterIdPattern = @"^[A-Za-z0-9._\-]+$";

    [GeneratedRegex(UrlPattern)]
    private static partial Regex Url();

    [GeneratedRegex(HostPattern)]
    private static partial Regex Host();

    [GeneratedRegex(HostPortPattern)]
    private static partial Regex HostPort();

    [GeneratedRegex(LabelPattern)]
    private static partial Regex Label();

    [GeneratedRegex(LabelKeyPattern)]
    private static partial Regex LabelKey();

    [GeneratedRegex(DurationPattern)]
    private static partial Regex Duration();

    [GeneratedRegex(TokenPattern)]
    private static partial Regex Token();

    [GeneratedRegex(ClusterIdPattern)]
    private static partial Regex ClusterId();
}
