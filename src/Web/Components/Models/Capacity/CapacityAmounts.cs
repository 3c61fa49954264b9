using System.Globalization;

namespace Runner.Web.Components.Models.Capacity;

/// <summary>Writes amounts of resources in the units people use.</summary>
public static class CapacityAmounts
{
    private static readonly string[] Units = ["B", "Ki", "Mi", "Gi", "Ti", "Pi"];

    /// <summary>An amount of a resource: bytes in binary units, cores and pieces as numbers with at most one decimal.</summary>
    public static string Text(string resource, decimal amount) =>
        resource is "memory" or "ephemeral-storage" || resource.StartsWith("hugepages-", StringComparison.Ordinal) ? Bytes(amount) : Number(amount);

    /// <summary>Bytes in the largest unit in which they are at least one.</summary>
    public static string Bytes(decimal bytes)
    {
        var unit = 0;
        for (; bytes >= 1024 && unit < Units.Length - 1; unit++)
        {
            bytes /= 1024;
        }

        return $"{bytes.ToString(bytes < 10 && unit > 0 ? "0.#" : "0", CultureInfo.InvariantCulture)} {Units[unit]}";
    }

    /// <summary>A number with at most one decimal; small amounts with two.</summary>
    public static string Number(decimal amount) => amount.ToString(amount is > 0 and < 1 ? "0.##" : "#,0.#", CultureInfo.InvariantCulture);

    /// <summary>The type of a card in words. HAMi writes the vendor before a name that begins with it, as in <c>NVIDIA-NVIDIA L40S</c>: that is said once.</summary>
    public static string Card(string type)
    {
        var dash = type.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && type[(dash + 1)..].StartsWith(type[..dash], StringComparison.OrdinalIgnoreCase) ? type[(dash + 1)..] : type;
    }
}
