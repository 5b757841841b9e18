// Shows the products of the API and orders them. The API answers on the same machine, on a port of its own.
const api = `${location.protocol}//${location.hostname}:4000`;
const news = document.getElementById("news");

async function ask(path, options) {
  const response = await fetch(api + path, options);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response;
}

async function order(product) {
  try {
    const body = JSON.stringify({ product: product.id });
    const response = await ask("/api/orders", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const { number } = await response.json();
    news.textContent = `Order number ${number}: ${product.name}. Thank you!`;
  } catch (error) {
    news.textContent = `The order did not go through: ${error.message}.`;
  }
}

function row(product) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = product.name;
  const price = document.createElement("span");
  price.textContent = (product.price_cents / 100).toLocaleString("en", { style: "currency", currency: "EUR" });
  const button = document.createElement("button");
  button.textContent = "Order";
  button.setAttribute("aria-label", `Order ${product.name}`);
  button.addEventListener("click", () => order(product));
  item.append(name, price, button);
  return item;
}

async function show() {
  const list = document.getElementById("products");
  try {
    const products = await (await ask("/api/products")).json();
    list.replaceChildren(...products.map(row));
    document.getElementById("version").textContent = (await (await ask("/version")).text()).trim();
    news.textContent = "";
  } catch (error) {
    news.textContent = `The shop is closed: ${error.message}.`;
  }
  list.removeAttribute("aria-busy");
}

show();
