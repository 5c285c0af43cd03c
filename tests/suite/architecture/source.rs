//! Source files as the rules see them: what they use, define and document, and their length.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The maximum length of a `match` arm that counts as dispatch.
const LONGEST_ARM: usize = 30;

#[derive(Debug)]
pub(crate) struct File {
    /// The path below `src`, with `/`.
    pub(crate) path: String,
    /// The module, such as `["domain", "status"]`; `main.rs` is `["main"]`, `lib.rs` is empty.
    pub(crate) module: Vec<String>,
    pub(crate) lines: usize,
    pub(crate) opens_with_docs: bool,
    /// Whether it only declares modules.
    pub(crate) only_declares: bool,
    /// Every function with its length in lines, without the arms of a dispatch.
    pub(crate) functions: Vec<(String, usize)>,
    /// The types, functions, fields and modules it defines.
    pub(crate) defined: BTreeSet<String>,
    /// The words of its module docs.
    pub(crate) words: BTreeSet<String>,
    /// Public modules, types, functions and methods without a doc comment.
    pub(crate) undocumented: Vec<String>,
    /// Lines of code by number, without blanks, comments, attributes, imports and tests.
    pub(crate) code: Vec<(usize, String)>,
    /// Every path of two or more segments, and every import.
    paths: BTreeSet<Vec<String>>,
    /// Names from imports and modules: a path that starts with one is in no crate.
    imported: BTreeSet<String>,
}

/// The target of a path.
pub(crate) enum Target {
    /// A file of the tree, by its index.
    File(usize),
    /// A crate, including `std`, with the path in it.
    Crate(String),
}

/// All files of `src`, with the names of the package's dependencies.
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
    crates: BTreeSet<String>,
}

impl Tree {
    /// Reads the package in a folder.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        let source = root.join("src");
        let mut folders = vec![source.clone()];
        while let Some(folder) = folders.pop() {
            let entries =
                std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
            for entry in entries {
                let path = entry.map_err(|e| e.to_string())?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    files.push(File::read(&source, &path)?);
                }
            }
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let manifest =
            std::fs::read_to_string(root.join("Cargo.toml")).map_err(|e| e.to_string())?;
        let crates = dependencies(&manifest)?;
        Ok(Self { files, crates })
    }

    /// The targets of the paths in a file, each with the path as written.
    pub(crate) fn targets(&self, file: &File) -> Vec<(Target, String)> {
        file.paths
            .iter()
            .filter_map(|path| Some((self.target(file, path)?, path.join("::"))))
            .collect()
    }

    fn target(&self, file: &File, path: &[String]) -> Option<Target> {
        let first = path.first()?.as_str();
        let absolute = match first {
            "crate" | "tokenscope" => path[1..].to_vec(),
            "self" => [&file.module, &path[1..]].concat(),
            "super" => {
                let up = path.iter().take_while(|part| *part == "super").count();
                let base = &file.module[..file.module.len().saturating_sub(up)];
                [base, &path[up..]].concat()
            }
            _ => {
                let child = [&file.module, path].concat();
                let is_child = self
                    .files
                    .iter()
                    .any(|other| other.module == child[..=file.module.len()]);
                if !is_child {
                    return self.external(file, path);
                }
                child
            }
        };
        (0..=absolute.len())
            .rev()
            .find_map(|length| {
                let module = &absolute[..length];
                self.files.iter().position(|other| other.module == module)
            })
            .map(Target::File)
    }

    fn external(&self, file: &File, path: &[String]) -> Option<Target> {
        let first = path.first()?.as_str();
        let is_crate = matches!(first, "std" | "core" | "alloc") || self.crates.contains(first);
        let is_shadowed = file.imported.contains(first);
        (is_crate && !is_shadowed).then(|| Target::Crate(path.join("::")))
    }
}

fn dependencies(manifest: &str) -> Result<BTreeSet<String>, String> {
    let manifest: toml::Table = toml::from_str(manifest).map_err(|e| e.to_string())?;
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let tables = targets
        .into_iter()
        .flat_map(toml::Table::values)
        .filter_map(toml::Value::as_table)
        .chain([&manifest]);
    Ok(tables
        .filter_map(|table| table.get("dependencies")?.as_table())
        .flat_map(toml::Table::keys)
        .map(|name| name.replace('-', "_"))
        .collect())
}

impl File {
    fn read(source: &Path, path: &Path) -> Result<Self, String> {
        let name = path
            .strip_prefix(source)
            .map_err(|e| e.to_string())?
            .to_string_lossy()
            .replace('\\', "/");
        let text = std::fs::read_to_string(path).map_err(|e| format!("{name}: {e}"))?;
        Self::parse(&name, &text)
    }

    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let syntax = syn::parse_file(text).map_err(|e| format!("{name} does not parse: {e}"))?;
        let mut reading = Reading::default();
        reading.visit_file(&syntax);
        let mut module: Vec<String> = name
            .trim_end_matches(".rs")
            .split('/')
            .map(str::to_owned)
            .collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
            module.pop();
        }
        Ok(Self {
            path: name.to_owned(),
            module,
            lines: text.lines().count() - reading.test_lines,
            opens_with_docs: text.starts_with("//! "),
            only_declares: syntax
                .items
                .iter()
                .all(|item| matches!(item, syn::Item::Mod(module) if module.content.is_none())),
            functions: reading.functions,
            defined: reading.defined,
            words: text
                .lines()
                .take_while(|line| line.starts_with("//!"))
                .flat_map(|line| line.split(|c: char| !c.is_alphanumeric()))
                .map(str::to_lowercase)
                .collect(),
            undocumented: reading.undocumented,
            code: code(text, &reading.aside),
            paths: reading.paths,
            imported: reading.imported,
        })
    }
}

/// The lines of code without blanks, comments, attributes, imports and tests.
fn code(text: &str, aside: &BTreeSet<usize>) -> Vec<(usize, String)> {
    (1..)
        .zip(text.lines().map(str::trim))
        .filter(|(number, line)| {
            let is_comment = line.starts_with("//") || line.starts_with("#[");
            !line.is_empty() && !is_comment && !aside.contains(number)
        })
        .map(|(number, line)| (number, line.to_owned()))
        .collect()
}

#[derive(Default)]
struct Reading {
    paths: BTreeSet<Vec<String>>,
    imported: BTreeSet<String>,
    functions: Vec<(String, usize)>,
    defined: BTreeSet<String>,
    undocumented: Vec<String>,
    test_lines: usize,
    /// The lines of imports and tests.
    aside: BTreeSet<usize>,
    /// The number of enclosing modules within the file.
    depth: usize,
}

impl Reading {
    /// A path as seen from the file: inside a module of the file, `super` may be the file itself.
    fn note(&mut self, mut path: Vec<String>) {
        let mut depth = self.depth;
        while depth > 0 && path.first().is_some_and(|part| part == "super") {
            path.remove(0);
            depth -= 1;
            if path.first().is_none_or(|part| part != "super") {
                return;
            }
        }
        self.paths.insert(path);
    }

    fn import(&mut self, tree: &syn::UseTree, mut prefix: Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.import(&path.tree, prefix);
            }
            syn::UseTree::Name(name) => {
                let is_crate = prefix.is_empty();
                prefix.push(name.ident.to_string());
                let brought = prefix.iter().rev().find(|part| *part != "self").cloned();
                if !is_crate {
                    self.imported.extend(brought);
                }
                self.note(prefix);
            }
            syn::UseTree::Rename(rename) => {
                prefix.push(rename.ident.to_string());
                self.imported.insert(rename.rename.to_string());
                self.note(prefix);
            }
            syn::UseTree::Glob(_) => self.note(prefix),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, prefix.clone());
                }
            }
        }
    }

    /// Paths in macros and attributes, which the parser does not visit.
    fn scan(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end_of(&mut path);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.end_of(&mut path);
                    colons = 0;
                    self.scan(group.stream());
                }
                _ => {
                    self.end_of(&mut path);
                    colons = 0;
                }
            }
        }
        self.end_of(&mut path);
    }

    fn end_of(&mut self, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.note(path);
        }
    }

    fn set_aside(&mut self, span: proc_macro2::Span) {
        self.aside.extend(span.start().line..=span.end().line);
    }

    /// Records the name of an item, and whether it is public without docs.
    fn define(
        &mut self,
        name: &syn::Ident,
        visibility: &syn::Visibility,
        attributes: &[syn::Attribute],
    ) {
        self.defined.insert(name.to_string());
        let is_documented = attributes
            .iter()
            .any(|attribute| attribute.path().is_ident("doc"));
        if matches!(visibility, syn::Visibility::Public(_)) && !is_documented {
            self.undocumented.push(name.to_string());
        }
    }

    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let last = block.brace_token.span.close().end().line;
        let saved: usize = block.stmts.iter().map(saved_by_dispatch).sum();
        self.functions
            .push((signature.ident.to_string(), last - first + 1 - saved));
    }
}

/// The lines of a `match` that do not count: it may be as long as its enum, so only arms that do
/// more than dispatch count.
fn saved_by_dispatch(statement: &syn::Stmt) -> usize {
    let expression = match statement {
        syn::Stmt::Expr(expression, _) => Some(expression),
        syn::Stmt::Local(local) => local.init.as_ref().map(|init| init.expr.as_ref()),
        syn::Stmt::Item(_) | syn::Stmt::Macro(_) => None,
    };
    let Some(syn::Expr::Match(decision)) = expression else {
        return 0;
    };
    let lines = |span: proc_macro2::Span| span.end().line - span.start().line + 1;
    decision
        .arms
        .iter()
        .map(|arm| lines(arm.span()))
        .filter(|lines| *lines <= LONGEST_ARM)
        .sum()
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|flag| flag == "test")
    })
}

impl<'ast> Visit<'ast> for Reading {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(&item.tree, Vec::new());
        self.set_aside(item.span());
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if is_for_tests(&item.attrs) {
            let span = item.span();
            self.test_lines += span.end().line - span.start().line + 1;
            self.set_aside(span);
            return;
        }
        match &item.content {
            Some(_) => self.define(&item.ident, &item.vis, &item.attrs),
            None => self.set_aside(item.span()),
        }
        self.imported.insert(item.ident.to_string());
        self.depth += 1;
        visit::visit_item_mod(self, item);
        self.depth -= 1;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.note(
                path.segments
                    .iter()
                    .map(|segment| segment.ident.to_string())
                    .collect(),
            );
        }
        visit::visit_path(self, path);
    }

    /// `pub(super)` and `pub(crate)` use nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        self.visit_path(&invocation.path);
        self.scan(invocation.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone());
        }
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.define(&item.ident, &item.vis, &item.attrs);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.define(&item.ident, &item.vis, &item.attrs);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.define(&item.ident, &item.vis, &item.attrs);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.define(&item.ident, &item.vis, &item.attrs);
        visit::visit_item_type(self, item);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        self.defined
            .extend(field.ident.as_ref().map(ToString::to_string));
        visit::visit_field(self, field);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.define(&item.sig.ident, &item.vis, &item.attrs);
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.define(&item.sig.ident, &item.vis, &item.attrs);
        self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.define(&item.sig.ident, &syn::Visibility::Inherited, &item.attrs);
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

/// The files that each file uses, by index.
pub(crate) fn edges(tree: &Tree) -> BTreeMap<usize, BTreeSet<usize>> {
    tree.files
        .iter()
        .enumerate()
        .map(|(from, file)| {
            let used = tree
                .targets(file)
                .into_iter()
                .filter_map(|(target, _)| match target {
                    Target::File(to) if to != from => Some(to),
                    Target::File(_) | Target::Crate(_) => None,
                })
                .collect();
            (from, used)
        })
        .collect()
}
