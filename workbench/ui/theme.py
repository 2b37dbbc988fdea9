"""How the page looks: system fonts, one accent colour, light and dark. The colours themselves are in workbench.css."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gradio import themes

from workbench.ui.labels import Labels

ASSETS = Path(__file__).parent / "assets"

# Latin in the system's own face, Chinese in each system's own sans; nothing is fetched.
_SANS = (
    "system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial",
    "PingFang SC", "PingFang HK", "Hiragino Sans GB", "Microsoft YaHei", "Microsoft JhengHei",
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "sans-serif",
)  # fmt: skip
_MONO = (
    "ui-monospace", "SFMono-Regular", "SF Mono", "Menlo", "Cascadia Mono", "Consolas", "DejaVu Sans Mono",
    "Noto Sans Mono CJK SC", "PingFang SC", "Microsoft YaHei", "monospace",
)  # fmt: skip

_SHARED = {
    "body_background_fill": "page",
    "body_text_color": "ink",
    "body_text_color_subdued": "muted",
    "background_fill_primary": "card",
    "background_fill_secondary": "sunken",
    "block_background_fill": "card",
    "block_border_color": "line",
    "block_label_background_fill": "card",
    "block_label_border_color": "line",
    "block_label_text_color": "muted",
    "block_title_text_color": "ink",
    "block_info_text_color": "muted",
    "border_color_primary": "line",
    "border_color_accent": "accent",
    "border_color_accent_subdued": "line",
    "panel_background_fill": "card",
    "panel_border_color": "line",
    "input_background_fill": "field",
    "input_background_fill_hover": "field",
    "input_border_color": "line-strong",
    "input_border_color_hover": "line-hover",
    "input_border_color_focus": "accent",
    "input_placeholder_color": "faint",
    "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent-hover",
    "button_primary_border_color": "accent",
    "button_primary_border_color_hover": "accent-hover",
    "button_primary_text_color": "on-accent",
    "button_primary_text_color_hover": "on-accent",
    "button_secondary_background_fill": "card",
    "button_secondary_background_fill_hover": "sunken",
    "button_secondary_border_color": "line-strong",
    "button_secondary_border_color_hover": "line-hover",
    "button_secondary_text_color": "ink",
    "button_secondary_text_color_hover": "ink",
    "button_cancel_background_fill": "card",
    "button_cancel_background_fill_hover": "sunken",
    "button_cancel_border_color": "line-strong",
    "button_cancel_border_color_hover": "line-hover",
    "button_cancel_text_color": "ink",
    "button_cancel_text_color_hover": "ink",
    "checkbox_background_color": "field",
    "checkbox_background_color_hover": "field",
    "checkbox_background_color_focus": "field",
    "checkbox_background_color_selected": "accent",
    "checkbox_border_color": "line-hover",
    "checkbox_border_color_hover": "accent",
    "checkbox_border_color_focus": "accent",
    "checkbox_border_color_selected": "accent",
    "checkbox_label_background_fill": "card",
    "checkbox_label_background_fill_hover": "sunken",
    "checkbox_label_background_fill_selected": "accent-soft",
    "checkbox_label_border_color": "line-strong",
    "checkbox_label_text_color": "ink",
    "checkbox_label_text_color_selected": "ink",
    "color_accent_soft": "accent-soft",
    "code_background_fill": "sunken",
    "error_background_fill": "error-soft",
    "error_border_color": "error-line",
    "error_text_color": "error",
    "error_icon_color": "error",
    "link_text_color": "accent-ink",
    "link_text_color_hover": "accent-ink",
    "link_text_color_visited": "accent-ink",
    "link_text_color_active": "accent-ink",
    "stat_background_fill": "accent",
    "table_border_color": "line",
    "table_even_background_fill": "card",
    "table_odd_background_fill": "card",
    "table_row_focus": "accent-soft",
    "table_text_color": "ink",
    "accordion_text_color": "ink",
}
"""Theme variables with a light and a dark value, by the name of our colour."""

_SINGLE = {"color_accent": "accent", "slider_color": "accent", "loader_color": "accent"}

_SHAPES = {
    "block_border_width": "0px",
    "block_label_border_width": "0px",
    "block_label_text_size": "*text_sm",
    "block_label_text_weight": "500",
    "block_title_text_size": "*text_sm",
    "block_title_text_weight": "500",
    "block_info_text_size": "*text_xs",
    "block_padding": "0px",
    "block_radius": "10px",
    "block_shadow": "none",
    "button_large_padding": "9px 18px",
    "button_large_radius": "9px",
    "button_large_text_size": "*text_md",
    "button_large_text_weight": "550",
    "button_medium_radius": "8px",
    "button_small_radius": "8px",
    "button_small_padding": "4px 12px",
    "button_small_text_size": "*text_sm",
    "button_small_text_weight": "500",
    "button_primary_shadow": "none",
    "button_secondary_shadow": "none",
    "checkbox_label_shadow": "none",
    "container_radius": "10px",
    "form_gap_width": "0px",
    "input_border_width": "1px",
    "input_padding": "8px 11px",
    "input_radius": "8px",
    "input_shadow": "none",
    "input_shadow_focus": "0 0 0 3px var(--wb-ring)",
    "input_text_size": "*text_md",
    "layout_gap": "16px",
    "panel_border_width": "0px",
    "shadow_drop": "none",
    "shadow_drop_lg": "var(--wb-shadow)",
    "shadow_inset": "none",
}


def theme() -> Any:
    """Gradio's variables, pointing to our colours."""
    sizes = themes.Size(name="text", xxs="11px", xs="12px", sm="13px", md="14.5px", lg="16px", xl="20px", xxl="24px")
    base = themes.Base(
        font=[themes.Font(name) for name in _SANS],
        font_mono=[themes.Font(name) for name in _MONO],
        text_size=sizes,
    )
    values = dict(_SHAPES)
    values |= {name: f"var(--wb-{colour})" for name, colour in (_SHARED | _SINGLE).items()}
    values |= {
        f"{name}_dark": f"var(--wb-{colour})" for name, colour in _SHARED.items() if hasattr(base, f"{name}_dark")
    }
    return base.set(**{name: value for name, value in values.items() if hasattr(base, name)})


def css(labels: Labels) -> str:
    """The style sheet. Gradio's drop zone has no text of its own to set, so ours comes with the styles."""
    words = {"drop-text": labels.drop, "drop-more": labels.drop_more}
    texts = "".join(f"--wb-{name}: {json.dumps(text, ensure_ascii=False)};" for name, text in words.items())
    sheets = "".join(path.read_text(encoding="utf-8") for path in sorted(ASSETS.glob("*.css"), reverse=True))
    return sheets + f":root {{{texts}}}\n"


def head() -> str:
    """The page's own scripts: player, theme switch, copy buttons, errors. They ask nothing of any server."""
    names = ("language.js", "workbench.js", "editor.js", "explorer.js", "trial.js")
    script = "".join((ASSETS / name).read_text(encoding="utf-8") for name in names)
    return f'<meta name="color-scheme" content="light dark"><script>{script}</script>'
